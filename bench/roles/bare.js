/**
 * Numbers over bare slots of shared memory, and back: no names, codec, options or pool. What calls over shared memory
 * can reach at most, with a promise for each, where both sides may sleep.
 */

const SLOTS = 64;
/** A line of a processor's cache for each. */
const WORDS = 32;
const WORKER_SLEEPS = 0;
const CALLER_SLEEPS = WORDS;
const FIRST = 2 * WORDS;
const [EMPTY, ASKED, ANSWERED] = [0, 1, 2];
/** So long each side looks before it sleeps; the caller looks between other microtasks. */
const [WORKER_LOOKS, CALLER_LOOKS] = [5000, 100];

export const BARE_BYTES = 4 * (FIRST + SLOTS * WORDS);

/** @param {number} turn */
const slotOf = (turn) => FIRST + (turn & (SLOTS - 1)) * WORDS;

/** @param {Int32Array} words @param {number} at 1 where somebody sleeps there */
function wake(words, at) {
  if (Atomics.load(words, at) === 1 && Atomics.exchange(words, at, 0) === 1)
    Atomics.notify(words, at);
}

/** @param {Int32Array} words for ever */
function answerAll(words) {
  for (let turn = 0; ; turn++) {
    const slot = slotOf(turn);
    for (let looks = 0; Atomics.load(words, slot) !== ASKED; looks++) {
      if (looks < WORKER_LOOKS) continue;
      Atomics.store(words, WORKER_SLEEPS, 1);
      if (Atomics.load(words, slot) !== ASKED) Atomics.wait(words, WORKER_SLEEPS, 1);
      looks = 0;
    }
    Atomics.store(words, slot, ANSWERED);
    wake(words, CALLER_SLEEPS);
  }
}

export const bareRoles = {
  /** @param {unknown} _space @param {SharedArrayBuffer} memory */
  answerBare(_space, memory) {
    setTimeout(() => answerAll(new Int32Array(memory)));
  },
};

/**
 * The caller's side.
 *
 * @param {SharedArrayBuffer} memory
 * @returns {(n: number) => Promise<number>} of which SLOTS may be on their way
 */
export function bareCalls(memory) {
  const words = new Int32Array(memory);
  /** @type {((value: number) => void)[]} */
  const resolves = [];
  const soon = Promise.resolve();
  let [asked, answered, vain, looking] = [0, 0, 0, false];

  function look() {
    looking = true;
    const before = answered;
    for (; answered !== asked; answered++) {
      const slot = slotOf(answered);
      if (Atomics.load(words, slot) !== ANSWERED) break;
      words[slot] = EMPTY;
      resolves[answered & (SLOTS - 1)](words[slot + 1]);
    }
    vain = answered === before ? vain + 1 : 0;
    if (vain < CALLER_LOOKS) soon.then(look);
    else sleep();
  }

  function sleep() {
    looking = false;
    vain = 0;
    if (answered === asked) return;
    Atomics.store(words, CALLER_SLEEPS, 1);
    if (Atomics.load(words, slotOf(answered)) === ANSWERED) look();
    else Promise.resolve(Atomics.waitAsync(words, CALLER_SLEEPS, 1).value).then(awake);
  }

  function awake() {
    if (!looking) look();
  }

  return (n) =>
    new Promise((resolve) => {
      const slot = slotOf(asked);
      resolves[asked++ & (SLOTS - 1)] = resolve;
      words[slot + 1] = n;
      Atomics.store(words, slot, ASKED);
      wake(words, WORKER_SLEEPS);
      if (!looking) soon.then(look);
      looking = true;
    });
}
