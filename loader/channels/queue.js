/**
 * Operations that wait for their turn, in order: the sends of a full channel, the receives of an
 * empty one. One loop serves them, asleep on a bell while the first of them cannot go on.
 */

import { keepAlive } from '#platform';
import { requireWait, watch } from '../wait.js';

export const NOT_YET = Symbol('not yet');

/**
 * @param {{
 *   sleep(need: number): Promise<unknown> | undefined, pass?(): void, linger?: () => boolean | Promise<void>,
 * }} bell `sleep`: until the first can perhaps go on, which needs so much; undefined: it can be tried now.
 *   `pass`: wakes another thread in place of this one, where nobody waits any more for what it was woken
 *   for; `linger` looks again for a moment before it sleeps (linger.js)
 * @param {string} what
 */
export function makeQueue({ sleep, pass, linger }, what) {
  /** @type {{attempt: () => any, need: number, resolve: (value: any) => void, reject: (reason: unknown) => void}[]} */
  const items = [];
  let serving = false;

  /** Does the first operation if it can be done. */
  function step() {
    const { attempt, resolve, reject } = items[0];
    try {
      const result = attempt();
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
    const asleep = sleep(items[0].need);
    asleep?.then(awake);
    return asleep !== undefined;
  }

  function awake() {
    if (items.length === 0) pass?.();
    serve();
  }

  function serve() {
    while (items.length > 0) if (!step() && rest()) return;
    serving = false;
  }

  return {
    /** Those that wait. Not behind a getter: V8 is slow to read objects that have one. */
    items: /** @type {readonly {need: number}[]} */ (items),

    step,

    /**
     * @template T
     * @param {() => T | typeof NOT_YET} attempt or throws
     * @param {import('../wait.js').Wait} [wait]
     * @param {number} [need] for `sleep`
     * @returns {Promise<T>}
     */
    add(attempt, wait, need = 0) {
      return new Promise((resolve, reject) => {
        requireWait(wait); // before anything is held
        const letGo = keepAlive();
        const end = () => {
          stop();
          letGo();
          const at = items.indexOf(item);
          if (at >= 0) items.splice(at, 1);
        };
        const item = {
          attempt,
          need,
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
        const stop = watch(wait, what, item.reject);
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
