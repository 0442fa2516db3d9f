/**
 * Operations that wait for their turn, in order: the sends of a full channel, the receives of an
 * empty one. One loop serves them, asleep on a bell while the first of them cannot go on.
 */

import { keepAlive } from '#platform';
import { watch } from '../wait.js';

/**
 * @template T
 * @typedef {{attempt: () => T | typeof NOT_YET, need: number}} Operation
 *   `attempt` gives the result, or NOT_YET, or throws; `need` is for `sleep`
 */

export const NOT_YET = Symbol('not yet');

/**
 * @param {{sleep(): Promise<void>, pass?(): void}} bell `pass`: wakes another thread in place of this one, where nobody
 *   waits any more for what it was woken for
 * @param {(need: number) => boolean} sleep tells the core that this end will sleep; false: try again
 * @param {string} what
 * @param {() => boolean | Promise<void>} [linger] looks again for a moment before it sleeps (linger.js)
 */
export function makeQueue(bell, sleep, what, linger) {
  /** @type {{operation: Operation<any>, resolve: (value: any) => void, reject: (reason: unknown) => void}[]} */
  const items = [];
  let serving = false;

  /** Does the first operation if it can be done. */
  function step() {
    const { operation, resolve, reject } = items[0];
    try {
      const result = operation.attempt();
      if (result === NOT_YET) return false;
      resolve(result);
    } catch (error) {
      reject(error);
    }
    return true;
  }

  /** Waits until the first can perhaps be done. @returns {boolean} false: it can be tried now */
  function rest() {
    if (!linger) return fallAsleep();
    SOON.then(look);
    return true;
  }

  function look() {
    if (items.length === 0) return serve();
    const found = linger?.();
    if (typeof found === 'object') found.then(serve);
    else if (found || !fallAsleep()) serve();
  }

  /** @returns {boolean} false: it can be tried now */
  function fallAsleep() {
    if (!sleep(items[0].operation.need)) return false;
    bell.sleep().then(awake);
    return true;
  }

  function awake() {
    if (items.length === 0) bell.pass?.();
    serve();
  }

  function serve() {
    while (items.length > 0) if (!step() && rest()) return;
    serving = false;
  }

  return {
    /** Those that wait. Not behind a getter: V8 is slow to read objects that have one. */
    items: /** @type {readonly unknown[]} */ (items),

    /** What the first operation needs. */
    need: () => items[0]?.operation.need ?? 0,

    step,

    /**
     * @template T
     * @param {Operation<T>} operation
     * @param {import('../wait.js').Wait} [wait]
     * @returns {Promise<T>}
     */
    add(operation, wait) {
      return new Promise((resolve, reject) => {
        const letGo = keepAlive();
        let ended = false;
        const end = () => {
          ended = true;
          stop?.();
          letGo();
          const at = items.indexOf(item);
          if (at >= 0) items.splice(at, 1);
        };
        const item = {
          operation,
          /** @param {T} value */
          resolve(value) {
            end();
            resolve(value);
          },
          /** @param {unknown} reason */
          reject(reason) {
            end();
            reject(reason);
          },
        };
        /** @type {(() => void) | undefined} */
        let stop;
        stop = watch(wait, what, item.reject);
        if (ended) return;
        items.push(item);
        if (serving) return;
        serving = true;
        // Whoever comes here has just tried.
        if (!rest()) serve();
      });
    },

    /** Rejects all that wait. @param {unknown} reason */
    clear(reason) {
      while (items.length > 0) items[0].reject(reason);
    },
  };
}

const SOON = Promise.resolve();
