/** Mutual exclusion between threads, and between the tasks of one. */

import { sleepOn, stopWaiting } from '../bell.js';
import { inside } from '../internals.js';
import * as layout from '../layout.js';
import { localBell } from '../messages/local-bell.js';
import { objectFor, openNamed } from '../objects.js';
import * as Status from '../status.js';
import { messageLock, sharedLock } from './lock.js';

/**
 * The mutex `name`, opened or made. Not recursive.
 *
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @returns {import('./lock.js').Lock}
 */
export function mutex(space, name) {
  const internals = inside(space);
  const { client, thread } = internals;
  const what = `mutex "${name}"`;
  return objectFor(internals, name, 'a mutex', (entry) =>
    client
      ? messageLock(internals, entry, { name, kind: 'mutex', permits: 1, take: 1 }, what)
      : sharedLock(internals, entry, wayOf(thread, entry), what),
  );
}

/** @param {import('../thread.js').Thread} thread @param {import('../objects.js').Entry} entry @returns {import('./lock.js').Way} */
function wayOf(thread, entry) {
  const { exports, participant } = thread;
  const at = openNamed(thread, entry, layout.MUTEX_BYTES, exports.sluice_mutex_open);
  const word = at + layout.MUTEX_WORD;
  const freed = localBell();
  let held = false;

  /** @param {number} status */
  function took(status) {
    held ||= status >= 0;
    return status;
  }

  return {
    take(woken) {
      if (held) return Status.BUSY;
      return took(
        woken
          ? exports.sluice_mutex_trylock_woken(at, participant)
          : exports.sluice_mutex_trylock(at, participant),
      );
    },
    sleep() {
      if (held) return freed.sleep();
      return sleepOn(thread, word, exports.sluice_mutex_sleep(at, participant));
    },
    block: (ns) => (held ? Status.BUSY : took(exports.sluice_mutex_lock(at, participant, ns))),
    give() {
      held = false;
      exports.sluice_mutex_unlock(at, participant);
      freed.ring();
    },
    giveUp: () => stopWaiting(thread, word),
  };
}
