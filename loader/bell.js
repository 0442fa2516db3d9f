/**
 * How a thread that must not block learns that a ring has changed.
 *
 * @typedef {{sleep(): Promise<void>, ring(): void, listen(listener: () => void): void}} Bell
 *   `sleep` resolves when the bell rings, perhaps early; `ring` is for changes that this thread made
 *   itself
 */

const POLL_MS = 2;

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
    const words = thread.i32;
    const waitAsync = /** @type {any} */ (Atomics).waitAsync;
    if (waitAsync) await waitAsync(words, word >> 2, 1).value;
    else await poll(words, word >> 2);
    pending = undefined;
  }
  return {
    sleep: () => (pending ??= wait()),
    ring() {},
    listen() {},
  };
}

/**
 * Firefox before 145 has no waitAsync. A timer runs only while somebody waits.
 *
 * @param {Int32Array} words
 * @param {number} index
 */
async function poll(words, index) {
  while (Atomics.load(words, index) === 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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
