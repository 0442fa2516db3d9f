/**
 * Waking a thread by a message, where Atomics.waitAsync is slow and loses wake-ups (WebKit, whose
 * ports are slower still): only a worker and the thread that started it have a fast way to each other,
 * their own postMessage. Such two are neighbours.
 *
 * A thread that goes to sleep writes into its bells, which lie in the shared memory, the address of the
 * word and what it showed. Who has changed a word looks there, and posts a message to a neighbour that
 * sleeps on it. Both are in one order with what the core does: the sleeper looks at the word
 * after it has written, and the other at the bells after it has changed the word, so one of them sees
 * the other.
 *
 * Others change words too, and C code rings nobody: so waitAsync is there all the same, at once where
 * not only neighbours may change the word, else for whoever has slept for some time; and because
 * it may fail, a timer looks at the words as long as somebody sleeps, less and less often.
 *
 * Only threads in such an engine load this.
 *
 * @typedef {{participant: number, bells: number, post(): void}} Neighbour `bells`: an index of i32
 * @typedef {{value: number, armed: boolean, wake(): void}} Sleeper
 * @typedef {ReturnType<typeof makeDoorbell>} Doorbell a thread's
 */

import * as layout from './layout.js';

/** Between two looks, in milliseconds. */
const FIRST = 4;
const LONGEST = 256;

/** Two words: the address, and what it showed. @param {number} bells @param {number} address */
const bellOf = (bells, address) => bells + 2 * ((address >> 7) % layout.BELLS);

/** @param {import('./thread.js').Thread} thread */
export function makeDoorbell(thread) {
  const { base, area, exports, self } = thread;
  const own = (area + layout.AREA_BELLS) >> 2;
  /** @type {Neighbour[]} */
  let neighbours = [];
  /** By the address of their word. @type {Map<number, Sleeper>} */
  const sleepers = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** To the timer's next look. */
  let pause = FIRST;
  /** Has a sleeper come since the last one? */
  let came = false;

  /** @param {number} address @param {Sleeper} sleeper */
  function look(address, sleeper) {
    const { i32 } = thread;
    const { value, wake } = sleeper;
    if (sleepers.get(address) !== sleeper) return;
    const bell = bellOf(own, address);
    Atomics.store(i32, bell + 1, value);
    Atomics.store(i32, bell, address);
    if (Atomics.load(i32, address >> 2) === value) return;
    Atomics.compareExchange(i32, bell, address, 0);
    sleepers.delete(address);
    wake();
  }

  /** @param {number} address @param {Sleeper} sleeper */
  function arm(address, sleeper) {
    const wait = /** @type {any} */ (Atomics).waitAsync(thread.i32, address >> 2, sleeper.value);
    sleeper.armed = true;
    if (wait.async) wait.value.then(() => look(address, sleeper));
  }

  /** The timer's next look. @param {number} next */
  function patrol(next) {
    clearTimeout(timer);
    pause = next;
    came = false;
    timer = setTimeout(() => {
      timer = undefined;
      for (const [address, sleeper] of sleepers) {
        if (!sleeper.armed && !came) arm(address, sleeper);
        look(address, sleeper);
      }
      if (sleepers.size > 0) patrol(came ? FIRST : Math.min(2 * next, LONGEST));
    }, next);
    /** @type {any} */ (timer).unref?.(); // Bun stays for who waits, not for our looking
  }

  return {
    /**
     * @param {number} participant
     * @param {() => void} post rings there: the other calls `answer` then
     * @returns {() => void} the neighbour is no more
     */
    addNeighbour(participant, post) {
      const slot = base + layout.PARTICIPANTS + ((participant & 0xff) - 1) * layout.SLOT_BYTES;
      const theirs = thread.i32[(slot + layout.SLOT_AREA) >> 2];
      const neighbour = { participant, bells: (base + theirs + layout.AREA_BELLS) >> 2, post };
      neighbours.push(neighbour);
      return () => {
        neighbours = neighbours.filter((one) => one !== neighbour);
      };
    },

    /** The word has perhaps changed. @param {number} address */
    ring(address) {
      const { i32 } = thread;
      const sleeper = sleepers.get(address);
      if (sleeper) look(address, sleeper);
      for (const { bells, post } of neighbours) {
        const bell = bellOf(bells, address);
        if (Atomics.load(i32, bell) !== address) continue;
        if (Atomics.load(i32, address >> 2) === Atomics.load(i32, bell + 1)) continue;
        if (Atomics.compareExchange(i32, bell, address, 0) === address) post();
      }
    },

    /**
     * Is the other side of the word a neighbour, or is everybody?
     *
     * @param {number} owner where the other side's participant stands, 0 for nowhere
     */
    isNear(owner) {
      if (owner === 0) return exports.sluice_participant_count(self) === neighbours.length + 1;
      const other = Atomics.load(thread.i32, owner >> 2);
      return neighbours.some(({ participant }) => participant === other);
    },

    /** A neighbour has rung: whose word has changed is awake. */
    answer() {
      for (const [address, sleeper] of sleepers) look(address, sleeper);
    },

    /**
     * @param {number} address
     * @param {number} value
     * @param {boolean} near only neighbours change it, and ring
     * @returns {Promise<void>}
     */
    untilRung: (address, value, near) =>
      new Promise((resolve) => {
        const sleeper = { value, armed: !near, wake: resolve };
        // Who slept on another value of the same word may as well be awake.
        sleepers.get(address)?.wake();
        sleepers.set(address, sleeper);
        if (!near) arm(address, sleeper);
        look(address, sleeper);
        came = true;
        if (pause > FIRST || !timer) patrol(FIRST);
      }),
  };
}
