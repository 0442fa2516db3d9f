/**
 * How a thread that must not block learns that a ring has changed.
 *
 * @typedef {{sleep(): Promise<void>, ring(): void, listen(listener: () => void): void}} Bell
 *   `sleep` resolves when the bell rings, perhaps early; `ring` is for changes that this thread made
 *   itself
 */

import { losesWakeUps } from '#platform';

/** Between two looks of a thread that has to look, in milliseconds: without waitAsync, and where
 * waitAsync may fail, from the first to the longest. */
const POLL = 2;
const [WATCH_FIRST, WATCH_LONGEST] = [4, 256];

/**
 * Over shared memory the core rings: it notifies the word when, and only when, it is 1.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} word its address
 * @returns {Bell}
 */
export function sharedBell(thread, word) {
  /** One wait at a time: an abandoned one cannot be taken back, so the next joins it.
   * @type {Promise<void> | undefined} */
  let pending;
  async function wait() {
    await untilWoken(thread.i32, word >> 2);
    pending = undefined;
  }
  return {
    sleep: () => (pending ??= wait()),
    ring() {},
    listen() {},
  };
}

/** @param {Int32Array} words @param {number} index */
async function untilWoken(words, index) {
  const waitAsync = /** @type {any} */ (Atomics).waitAsync;
  // Firefox before 145 has none. The timer runs only while somebody waits.
  if (!waitAsync) return poll(words, index, POLL, POLL);
  const woken = waitAsync(words, index, 1).value;
  if (!losesWakeUps()) return woken;
  // Whoever wakes a sleeper sets the word to 0 first, so that a lost wake-up can be seen.
  const stop = new AbortController();
  await Promise.race([woken, poll(words, index, WATCH_FIRST, WATCH_LONGEST, stop.signal)]);
  stop.abort();
}

/**
 * Looks at the word until it is no longer 1, ever less often.
 *
 * @param {Int32Array} words
 * @param {number} index
 * @param {number} first milliseconds
 * @param {number} longest
 * @param {AbortSignal} [signal]
 */
async function poll(words, index, first, longest, signal) {
  for (let pause = first; !signal?.aborted; pause = Math.min(2 * pause, longest)) {
    if (Atomics.load(words, index) !== 1) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * In a memory of its own a thread does all changes itself, and rings by hand.
 *
 * @returns {Bell}
 */
export function localBell() {
  /** @type {Promise<void> | undefined} */
  let pending;
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(() => void)[]} */
  const listeners = [];
  return {
    sleep() {
      pending ??= new Promise((r) => {
        resolve = r;
      });
      return pending;
    },
    ring() {
      pending = undefined;
      resolve();
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
