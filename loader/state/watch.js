/** Waiting for a key of a table to change. */

import { keepAlive } from '#platform';
import { hasCode, SluiceError, statusError } from '../errors.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { requireWait, watch } from '../wait.js';

/**
 * Resolves with the key's version once it is another than `since`.
 *
 * @param {import('./shared.js').One} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} key
 * @param {number} since
 * @param {import('../wait.js').Wait | undefined} wait
 * @param {string} what
 * @param {(close: () => void) => void} [onWait] is given what ends it
 * @returns {Promise<number>}
 */
export function changed(table, internals, key, since, wait, what, onWait) {
  return new Promise((resolve, reject) => {
    requireWait(wait);
    let over = false;
    const end = () => {
      over = true;
      stop();
      letGo();
      internals.watchers.delete(closing);
    };
    /** @param {unknown} reason */
    const fail = (reason) => {
      if (over) return;
      end();
      reject(reason);
    };
    // With the space, or when it is removed.
    const closing = {
      table,
      close: () => fail(new SluiceError('closed', `${what} was closed, or removed`)),
    };
    const stop = watch(wait, what, fail);
    const letGo = keepAlive();
    internals.watchers.add(closing);
    onWait?.(closing.close);
    const look = async () => {
      while (!over) {
        const version = table.version(key);
        if (version !== since) {
          end();
          resolve(version);
          return;
        }
        requireOpen(internals.thread, what);
        await table.changed(key, since);
      }
    };
    look().catch(fail);
  });
}

/**
 * In a space that is closed nothing changes any more: over messages, its image in this thread is closed too.
 *
 * @param {import('../thread.js').Thread} thread
 * @param {string} what
 */
function requireOpen({ i32, base }, what) {
  const state = i32[(base + layout.HEADER_STATE) >> 2];
  if (state !== 0) throw statusError(state === 1 ? Status.CLOSED : Status.POISONED, what);
}

/**
 * The key's value now, and again whenever it has changed.
 *
 * @param {import('./shared.js').One} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} key
 * @param {import('../wait.js').Wait | undefined} wait
 * @param {string} what
 * @returns {AsyncIterableIterator<any>}
 */
export function values(table, internals, key, wait, what) {
  let over = false;
  let stop = () => {};

  async function* all() {
    await table.ready;
    for (let seen = -1; !over; ) {
      try {
        seen = await changed(table, internals, key, seen, wait, what, (close) => {
          stop = close;
        });
      } catch (error) {
        if (hasCode(error, 'closed')) return;
        throw error;
      }
      const entry = table.read(key);
      seen = entry?.version ?? 0;
      yield entry?.value;
    }
  }

  const iterator = all();
  const end = iterator.return;
  // Behind a next() that waits, perhaps for ever, it would wait as long.
  iterator.return = (value) => {
    over = true;
    stop();
    return end.call(iterator, value);
  };
  return iterator;
}
