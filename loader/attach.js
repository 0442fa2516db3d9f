/** Joining a space that another thread made. */

import { losesWakeUps } from '#platform';
import { watchCreator } from './death.js';
import { makeDoorbell } from './doorbell.js';
import { SluiceError } from './errors.js';
import { inside, spaceOf } from './internals.js';
import { followByMessages } from './messages/follow.js';
import { makeSpace } from './space.js';
import { attachToSpawner } from './spawned.js';
import { enter } from './thread.js';
import { requireWait, within } from './wait.js';
import { substitute } from './worklet.js';

/**
 * Attaches this thread: in a spawned worker to its spawner's space, with a handle to any (over
 * shared memory; on the message transport to the one that this thread has, by spawn() or as its
 * creator, and nothing else is made).
 *
 * @param {import('./space.js').Handle} [handle]
 * @param {import('./wait.js').Wait & {imports?: WebAssembly.Imports}} [options]
 * @returns {Promise<import('./space.js').Space>}
 */
export async function attach(handle, options = {}) {
  requireWait(options);
  if (handle === undefined || handle === null) {
    return attachToSpawner(options, followByMessages);
  }
  const data = /** @type {import('./protocol.js').HandleData} */ (/** @type {unknown} */ (handle));
  if (data.sluice !== 1) throw new TypeError("attach() takes a space's handle, or nothing");
  if (data.transport === 'message') {
    const space = spaceOf(data.id);
    if (space) return space;
    throw new SluiceError(
      'not-isolated',
      'this space is on the message transport, which only workers that spawn() starts can enter, by attach() first',
    );
  }
  substitute();
  const joined = enter(data, options.imports);
  const thread = await within(joined, options, 'attach()');
  if (losesWakeUps()) thread.doorbell = makeDoorbell(thread);
  const space = makeSpace(data, thread, false);
  watchCreator(inside(space));
  return space;
}
