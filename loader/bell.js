/**
 * How a thread that must not block learns that something has changed.
 *
 * @typedef {{sleep(key?: number): Promise<void>, ring(): void, listen(listener: () => void): void}} Bell
 *   `sleep` resolves when the bell rings, perhaps early; `key`: what its word showed; `ring` is for
 *   changes that this thread made itself
 */

import { losesWakeUps } from '#platform';

/** Between two looks of a thread that has to look, in milliseconds: without waitAsync, and where
 * waitAsync may fail, from the first to the longest. */
const POLL = 2;
const [WATCH_FIRST, WATCH_LONGEST] = [4, 256];

/**
 * Waits without blocking while the word at `address` is `value`; may resolve early. One wait at a
 * time for a word: an abandoned one cannot be taken back, so the next for the same value joins it.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {number} value
 * @returns {Promise<void>}
 */
export function untilChanged({ i32, waits }, address, value) {
  const known = waits.get(address);
  if (known?.value === value) return known.promise;
  const promise = untilWoken(i32, address >> 2, value).then(() => {
    if (waits.get(address)?.promise === promise) waits.delete(address);
  });
  waits.set(address, { value, promise });
  return promise;
}

/** Whether untilChanged() is no worse than a message. */
export const ringsWell = () => !!(/** @type {any} */ (Atomics).waitAsync) && !losesWakeUps();

/** @param {Int32Array} words @param {number} index @param {number} value @returns {Promise<unknown>} */
function untilWoken(words, index, value) {
  const waitAsync = /** @type {any} */ (Atomics).waitAsync;
  // Firefox before 145 has none. The timer runs only while somebody waits.
  if (!waitAsync) return poll(words, index, value, POLL, POLL);
  const wait = waitAsync(words, index, value);
  if (!wait.async) return Promise.resolve();
  return losesWakeUps() ? watched(wait.value, words, index, value) : wait.value;
}

/**
 * Whoever wakes a sleeper changes the word first, so that a lost wake-up can be seen.
 *
 * @param {Promise<unknown>} woken
 * @param {Int32Array} words
 * @param {number} index
 * @param {number} value
 */
async function watched(woken, words, index, value) {
  const stop = new AbortController();
  await Promise.race([woken, poll(words, index, value, WATCH_FIRST, WATCH_LONGEST, stop.signal)]);
  stop.abort();
}

/**
 * Looks at the word until it is no longer `value`, ever less often.
 *
 * @param {Int32Array} words
 * @param {number} index
 * @param {number} value
 * @param {number} first milliseconds
 * @param {number} longest
 * @param {AbortSignal} [signal]
 */
async function poll(words, index, value, first, longest, signal) {
  for (let pause = first; !signal?.aborted; pause = Math.min(2 * pause, longest)) {
    if (Atomics.load(words, index) !== value) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Over shared memory the core rings: it changes the word and notifies it.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} word its address
 * @returns {Bell}
 */
export const sharedBell = (thread, word) => ({
  sleep: (key = 1) => untilChanged(thread, word, key),
  ring() {},
  listen() {},
});

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
