/** Many may read, or one write. A writer who waits keeps new readers out. */

import { sleepOn, stopWaiting } from '../bell.js';
import { inside } from '../internals.js';
import * as layout from '../layout.js';
import { localBell } from '../messages/local-bell.js';
import { objectFor, openNamed } from '../objects.js';
import * as Status from '../status.js';
import { messageLock, sharedLock } from './lock.js';

/** As many as a space has threads, and some tasks in each. */
const READERS = 1_048_576;

/**
 * The rwlock `name`, opened or made. Not recursive, and no reader becomes a writer.
 *
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @returns {{readonly read: import('./lock.js').Lock, readonly write: import('./lock.js').Lock}}
 */
export function rwlock(space, name) {
  const internals = inside(space);
  const { client, thread } = internals;
  const [reading, writing] = [`reading under rwlock "${name}"`, `writing under rwlock "${name}"`];
  return objectFor(internals, name, 'an rwlock', (entry) => {
    if (client) {
      const request = { name, kind: /** @type {const} */ ('rwlock'), permits: READERS };
      return {
        read: messageLock(internals, entry, { ...request, take: 1 }, reading),
        write: messageLock(internals, entry, { ...request, take: READERS }, writing),
      };
    }
    const { read, write } = waysOf(thread, entry);
    return {
      read: sharedLock(internals, entry, read, reading),
      write: sharedLock(internals, entry, write, writing),
    };
  });
}

/**
 * The core knows threads. The readers of one thread are one to it; the first locks, the last unlocks.
 *
 * @param {import('../thread.js').Thread} thread
 * @param {import('../objects.js').Entry} entry
 * @returns {{read: import('./lock.js').Way, write: import('./lock.js').Way}}
 */
function waysOf(thread, entry) {
  const { exports, participant } = thread;
  const at = openNamed(thread, entry, layout.RWLOCK_BYTES, exports.sluice_rwlock_open);
  const freed = localBell();
  let readers = 0;
  let readAs = 0; // what the first of them was told
  let writing = false;

  /** Does a writer wait, in any thread? */
  function isWanted() {
    const words = (at + layout.RWLOCK_WAITING) >> 2;
    return (
      wanted > 0 || (Atomics.load(thread.i32, words) | Atomics.load(thread.i32, words + 1)) !== 0
    );
  }
  let wanted = 0; // writers of this thread that wait for its own readers

  /** @param {number} status */
  function read(status) {
    if (status < 0) return status;
    readers = 1;
    readAs = status;
    return status;
  }

  /** @param {number} status */
  function write(status) {
    writing ||= status >= 0;
    return status;
  }

  return {
    read: {
      take() {
        if (writing || (readers > 0 && isWanted())) return Status.BUSY;
        if (readers > 0) {
          readers++;
          return readAs;
        }
        return read(exports.sluice_rwlock_read_trylock(at, participant));
      },
      sleep() {
        if (writing || readers > 0) return freed.sleep();
        const value = exports.sluice_rwlock_read_sleep(at, participant);
        return sleepOn(thread, at + layout.RWLOCK_READERS, value);
      },
      block(ns) {
        if (writing || readers > 0) return Status.BUSY;
        return read(exports.sluice_rwlock_read_lock(at, participant, ns));
      },
      give() {
        if (--readers > 0) return;
        exports.sluice_rwlock_read_unlock(at, participant);
        freed.ring();
      },
      giveUp() {},
    },
    write: {
      take() {
        if (writing || readers > 0) return Status.BUSY;
        const status = write(exports.sluice_rwlock_write_trylock(at, participant));
        if (status >= 0) wanted = 0;
        return status;
      },
      sleep() {
        if (writing || readers > 0) {
          wanted = 1;
          return freed.sleep();
        }
        const value = exports.sluice_rwlock_write_sleep(at, participant);
        return sleepOn(thread, at + layout.RWLOCK_WRITERS, value);
      },
      block(ns) {
        if (writing || readers > 0) return Status.BUSY;
        return write(exports.sluice_rwlock_write_lock(at, participant, ns));
      },
      give() {
        writing = false;
        exports.sluice_rwlock_write_unlock(at, participant);
        freed.ring();
      },
      giveUp() {
        wanted = 0;
        exports.sluice_rwlock_write_cancel(at, participant);
        stopWaiting(thread, at + layout.RWLOCK_WRITERS);
        freed.ring();
      },
    },
  };
}
