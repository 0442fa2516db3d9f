/** So many permits, each for whoever takes it. */

import { sleepOn, stopWaiting } from '../bell.js';
import { inside } from '../internals.js';
import * as layout from '../layout.js';
import { objectFor, openNamed } from '../objects.js';
import { requireNumber } from '../options.js';
import { messageLock, sharedLock } from './lock.js';

/**
 * The semaphore `name`, opened or made, with all its permits free; locking it takes one.
 *
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @param {number} permits 1 to 4096
 * @returns {import('./lock.js').Lock}
 */
export function semaphore(space, name, permits) {
  const internals = inside(space);
  const { client, thread } = internals;
  requireNumber('permits', permits, 1, layout.SEMAPHORE_MAX);
  const what = `semaphore "${name}"`;
  const shape = `a semaphore of ${permits} permits`;
  return objectFor(internals, name, shape, (entry) =>
    client
      ? messageLock(internals, entry, { name, kind: 'semaphore', permits, take: 1 }, what)
      : sharedLock(internals, entry, wayOf(thread, entry, permits), what, true),
  );
}

/**
 * @param {import('../thread.js').Thread} thread
 * @param {import('../objects.js').Entry} entry
 * @param {number} permits
 * @returns {import('./lock.js').Way}
 */
function wayOf(thread, entry, permits) {
  const { exports, participant } = thread;
  const size = exports.sluice_semaphore_bytes(permits);
  const at = openNamed(thread, entry, size, exports.sluice_semaphore_open, permits);
  const word = at + layout.SEMAPHORE_RELEASED;
  return {
    take: () => exports.sluice_semaphore_try(at, permits, participant),
    sleep: () => sleepOn(thread, word, exports.sluice_semaphore_sleep(at, permits)),
    block: (ns) => exports.sluice_semaphore_acquire(at, permits, participant, ns),
    give: (index) => exports.sluice_semaphore_release(at, permits, participant, index),
    giveUp: () => stopWaiting(thread, word),
  };
}
