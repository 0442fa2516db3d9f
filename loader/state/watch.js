/** Waiting for a key of a table to change. */

import { keepAlive } from '#platform';
import { SluiceError } from '../errors.js';
import { watch } from '../wait.js';

/**
 * Resolves with the key's version once it is another than `since`.
 *
 * @param {import('./shared.js').One} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} key
 * @param {number} since
 * @param {import('../wait.js').Wait | undefined} wait
 * @param {string} what
 * @returns {Promise<number>}
 */
export function changed(table, internals, key, since, wait, what) {
  return new Promise((resolve, reject) => {
    wait?.signal?.throwIfAborted();
    const letGo = keepAlive();
    let over = false;
    const end = () => {
      over = true;
      stop?.();
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
    /** @type {(() => void) | undefined} */
    let stop;
    stop = watch(wait, what, fail);
    if (over) return;
    internals.watchers.add(closing);
    const look = async () => {
      while (!over) {
        const version = table.version(key);
        if (version !== since) {
          end();
          resolve(version);
        } else await table.changed(key, since);
      }
    };
    look().catch(fail);
  });
}

/**
 * The key's value now, and again whenever it has changed.
 *
 * @param {import('./shared.js').One} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} key
 * @param {import('../wait.js').Wait | undefined} wait
 * @param {string} what
 */
export async function* values(table, internals, key, wait, what) {
  await table.ready;
  for (let seen = -1; ; ) {
    try {
      seen = await changed(table, internals, key, seen, wait, what);
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'closed') return;
      throw error;
    }
    const entry = table.read(key);
    seen = entry?.version ?? 0;
    yield entry?.value;
  }
}
