/**
 * How a thread that must not block learns that something has changed.
 *
 * @typedef {{sleep(key?: number): Promise<void>, ring(): void, listen(listener: () => void): void}} Bell
 *   `sleep` resolves when the bell rings, perhaps early; `key`: what its word showed; `ring` is for
 *   changes that this thread made itself
 */

import { losesWakeUps } from '#platform';

/** Between two looks of a thread that has to look, in milliseconds: without waitAsync. */
const POLL = 2;

/**
 * Waits without blocking while the word at `address` is `value`; may resolve early. One wait at a
 * time for a word: an abandoned one cannot be taken back, so the next for the same value joins it.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {number} value
 * @param {boolean} [near] only neighbours change it, and ring (doorbell.js)
 * @returns {Promise<void>}
 */
export function untilChanged(thread, address, value, near = false) {
  const { waits } = thread;
  const known = waits.get(address);
  if (known?.value === value) return known.promise;
  const promise = untilWoken(thread, address, value, near).then(() => {
    if (waits.get(address)?.promise === promise) waits.delete(address);
  });
  waits.set(address, { value, promise });
  return promise;
}

/**
 * The same for who asked the core whether to sleep on a word, which answers with what the word showed.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {number} value 0: not to sleep, but to try again
 */
export const sleepOn = (thread, address, value) =>
  value === 0 ? undefined : untilChanged(thread, address, value);

/**
 * Nobody in this thread waits for the word any more. Its waits cannot be taken back, and the next
 * wake-up that is meant for one thread might come to such a one: so all are woken, and look again.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 */
export function stopWaiting({ i32 }, address) {
  Atomics.notify(i32, address >> 2);
}

/** Whether untilChanged() is no worse than a message. */
export const ringsWell = () => !!(/** @type {any} */ (Atomics).waitAsync) && !losesWakeUps();

/**
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {number} value
 * @param {boolean} near
 * @returns {Promise<unknown>}
 */
function untilWoken(thread, address, value, near) {
  const { i32, doorbell } = thread;
  const waitAsync = /** @type {any} */ (Atomics).waitAsync;
  // Firefox before 145 has none.
  if (!waitAsync) return poll(i32, address >> 2, value);
  if (doorbell) return doorbell.untilRung(address, value, near);
  const wait = waitAsync(i32, address >> 2, value);
  return wait.async ? wait.value : Promise.resolve();
}

/**
 * Looks at the word until it is no longer `value`. The timer runs only while somebody waits.
 *
 * @param {Int32Array} words
 * @param {number} index
 * @param {number} value
 */
async function poll(words, index, value) {
  while (Atomics.load(words, index) === value) {
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/**
 * Over shared memory the core rings: it changes the word and notifies it.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} word its address
 * @param {number} owner the address of the participant on the other side, 0 where there may be many
 * @returns {Bell}
 */
export const sharedBell = (thread, word, owner) => {
  const { doorbell } = thread;
  return {
    sleep: (key = 1) => untilChanged(thread, word, key, doorbell?.isNear(owner)),
    ring: () => doorbell?.ring(word),
    listen() {},
  };
};
