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
 * @typedef {{participant: number, bells: number, post(): void}} Neighbour `bells`: an index of i32
 * @typedef {{value: number, armed: boolean, wake(): void}} Sleeper
 * @typedef {{
 *   neighbours: Neighbour[], sleepers: Map<number, Sleeper>, timer: ReturnType<typeof setTimeout> | undefined, pause: number, came: boolean,
 * }} Doorbell a thread's; `sleepers` by the address of their word; `pause`: to the timer's next look;
 *   `came`: a sleeper since the last one
 */

import * as layout from './layout.js';

/** Between two looks, in milliseconds. */
const [FIRST, LONGEST] = [4, 256];

/** @returns {Doorbell} */
export const makeDoorbell = () => ({
  neighbours: [],
  sleepers: new Map(),
  timer: undefined,
  pause: FIRST,
  came: false,
});

/**
 * @param {import('./thread.js').Thread} thread
 * @param {number} participant
 * @param {() => void} post rings there: the other calls `answer` then
 * @returns {() => void} the neighbour is no more
 */
export function addNeighbour({ i32, base, doorbell }, participant, post) {
  const slot = (participant & 0xff) - 1;
  const area = i32[(base + layout.PARTICIPANTS + slot * layout.SLOT_BYTES + layout.SLOT_AREA) >> 2];
  const neighbour = { participant, bells: (base + area + layout.AREA_BELLS) >> 2, post };
  doorbell.neighbours.push(neighbour);
  return () => {
    doorbell.neighbours = doorbell.neighbours.filter((one) => one !== neighbour);
  };
}

/** Two words: the address, and what it showed. @param {number} bells @param {number} address */
const bellOf = (bells, address) => bells + 2 * ((address >> 7) % layout.BELLS);

/**
 * The word has perhaps changed.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 */
export function ring(thread, address) {
  const { i32, doorbell } = thread;
  const own = doorbell.sleepers.get(address);
  if (own) look(thread, address, own);
  for (const { bells, post } of doorbell.neighbours) {
    const bell = bellOf(bells, address);
    if (Atomics.load(i32, bell) !== address) continue;
    if (Atomics.load(i32, address >> 2) === Atomics.load(i32, bell + 1)) continue;
    if (Atomics.compareExchange(i32, bell, address, 0) === address) post();
  }
}

/**
 * Is the other side of the word a neighbour, or is everybody?
 *
 * @param {import('./thread.js').Thread} thread
 * @param {number} owner where the other side's participant stands, 0 for nowhere
 */
export function isNear({ i32, exports, self, doorbell: { neighbours } }, owner) {
  if (owner === 0) return exports.sluice_participant_count(self) === neighbours.length + 1;
  const other = Atomics.load(i32, owner >> 2);
  return neighbours.some(({ participant }) => participant === other);
}

/** A neighbour has rung: whose word has changed is awake. @param {import('./thread.js').Thread} thread */
export function answer(thread) {
  for (const [address, sleeper] of thread.doorbell.sleepers) look(thread, address, sleeper);
}

/**
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {Sleeper} sleeper
 */
function look({ i32, area, doorbell }, address, sleeper) {
  const { value, wake } = sleeper;
  if (doorbell.sleepers.get(address) !== sleeper) return;
  const bell = bellOf((area + layout.AREA_BELLS) >> 2, address);
  Atomics.store(i32, bell + 1, value);
  Atomics.store(i32, bell, address);
  if (Atomics.load(i32, address >> 2) === value) return;
  Atomics.compareExchange(i32, bell, address, 0);
  doorbell.sleepers.delete(address);
  wake();
}

/**
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {number} value
 * @param {boolean} near only neighbours change it, and ring
 * @returns {Promise<void>}
 */
export function untilRung(thread, address, value, near) {
  const { doorbell } = thread;
  return new Promise((resolve) => {
    const sleeper = { value, armed: !near, wake: resolve };
    // Who slept on another value of the same word may as well be awake.
    doorbell.sleepers.get(address)?.wake();
    doorbell.sleepers.set(address, sleeper);
    if (!near) arm(thread, address, sleeper);
    look(thread, address, sleeper);
    doorbell.came = true;
    if (doorbell.pause > FIRST || !doorbell.timer) patrol(thread, FIRST);
  });
}

/**
 * @param {import('./thread.js').Thread} thread
 * @param {number} address
 * @param {Sleeper} sleeper
 */
function arm(thread, address, sleeper) {
  const wait = /** @type {any} */ (Atomics).waitAsync(thread.i32, address >> 2, sleeper.value);
  sleeper.armed = true;
  if (wait.async) wait.value.then(() => look(thread, address, sleeper));
}

/** The timer's next look. @param {import('./thread.js').Thread} thread @param {number} pause */
function patrol(thread, pause) {
  const { doorbell } = thread;
  const { sleepers } = doorbell;
  clearTimeout(doorbell.timer);
  doorbell.pause = pause;
  doorbell.came = false;
  doorbell.timer = setTimeout(() => {
    doorbell.timer = undefined;
    for (const [address, sleeper] of sleepers) {
      if (!sleeper.armed && !doorbell.came) arm(thread, address, sleeper);
      look(thread, address, sleeper);
    }
    if (sleepers.size > 0) patrol(thread, doorbell.came ? FIRST : Math.min(2 * pause, LONGEST));
  }, pause);
}
