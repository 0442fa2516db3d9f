/** Deaths in a space over shared memory: who may see them, and what is done. */

import { proveLife, watchDeath } from '#platform';
import { common } from './common.js';
import { random } from './random.js';
import * as Status from './status.js';

/** Workers that this thread has spawned, by what proves their lives. */
export const alive = /* @__PURE__ */ common(
  'alive',
  () => /** @type {Map<string, Worker>} */ (new Map()),
);

/** What proves this thread's life to others: a lock by name, and whether it is held, when that is known. */
export const life = /* @__PURE__ */ common('life', () => {
  const lock = `sluice-${random()}`;
  return { lock, held: proveLife(lock) };
});

/**
 * Cleans up after a participant that is proven dead.
 *
 * @param {import('./internals.js').Internals} internals
 * @param {number} id
 */
export function bury(internals, id) {
  const { transport, closed, thread } = internals;
  if (transport !== 'shared' || closed) return;
  // AGAIN: a live thread stands between two steps and has to move on first.
  if (thread.exports.sluice_participant_bury(thread.self, id) === Status.AGAIN) {
    setTimeout(bury, 1, internals, id);
  }
}

/**
 * Watches the space's creator, which nobody in the space has spawned.
 *
 * @param {import('./internals.js').Internals} internals
 */
export function watchCreator(internals) {
  const { creator } = internals.handle;
  if (!creator) return;
  const { lock, participant } = creator;
  const stop = watchDeath(alive().get(lock), lock, () => bury(internals, participant));
  if (stop) internals.watchers.add({ close: stop });
}
