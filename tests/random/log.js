// What a thread observed, as numbers: where memory can be shared the log stands in it, so that a
// thread that dies leaves it behind, and one clock counts for all threads.

/** What an entry says. `a` and `b` are numbers of the operation's own. */
export const WORDS = /** @type {const} */ ([
  'begun', // a strand
  'ended',
  'sending', // a: the record's index, b: how many
  'sent', // and committed, or it will be if its thread lives on
  'unsent', // nothing of it has left
  'perhaps', // it failed so late that it may have left
  'committed', // all that was sent so far
  'refused', // a: the code, as below
  'got', // a: the sender's strand, b: the record's index
  'lost', // a: how many a broadcast's receiver says
  'over', // a receiver has seen the end; a: the code, b: 1 where it has a cause
  'left', // a receiver closed before the end
  'writing', // a: the value, b: the key
  'wrote',
  'unwritten',
  'updated', // a: the value before, b: the value now
  'removing', // b: the key
  'removed', // a: 1 where there was a value
  'read', // a: the value, b: the key
  'reading', // before it
  'pair', // a: a cell's version, b: its value
  'asking', // for a lock; a: 0 alone, 1 with others
  'holding', // a: the same, b: 1 where the last owner died
  'unheld', // asked for in vain
  'releasing',
  'released',
  'counted', // a: the counter that the lock guards, as it is now
  'arriving', // at a barrier; a: the round
  'passed', // a: the round, b: how many were missing
  'calling', // a: the call's number
  'called', // a: the call's number, b: the code of its error, 0 for none
]);

/** @typedef {typeof WORDS[number]} Word */
/** @typedef {{stamp: number, strand: number, word: Word, a: number, b: number}} Entry `stamp`: 0 where there is no clock */

const CODES = [
  'none',
  'closed',
  'full',
  'timeout',
  'peer-lost',
  'aborted',
  'poisoned',
  'own', // of the function that was called
];

/** @param {string} code */
export const numberOf = (code) => CODES.indexOf(code);
/** @param {number} number */
export const codeOf = (number) => CODES[number] ?? 'none';

const WIDTH = 5;
const ENTRIES = 16_384;
const SEGMENT = 1 + WIDTH * ENTRIES;

/** @param {number} threads @returns {Int32Array | undefined} */
export function shareLogs(threads) {
  // A page that is not isolated has no constructor, or cannot post what it makes.
  if (globalThis.crossOriginIsolated === false || typeof SharedArrayBuffer === 'undefined') {
    return undefined;
  }
  return new Int32Array(new SharedArrayBuffer(4 * (1 + threads * SEGMENT)));
}

/**
 * @param {Int32Array | undefined} shared
 * @param {number} thread
 * @param {(entry: number[]) => void} post where it is not shared
 */
export function makeLog(shared, thread, post) {
  const at = 1 + thread * SEGMENT;
  /** @param {number} strand @param {Word} word @param {number} [a] @param {number} [b] */
  return function log(strand, word, a = 0, b = 0) {
    const number = WORDS.indexOf(word);
    if (!shared) {
      post([0, strand, number, a, b]);
      return;
    }
    const count = shared[at];
    if (count >= ENTRIES) throw new Error(`thread ${thread} logs more than ${ENTRIES} entries`);
    const stamp = Atomics.add(shared, 0, 1) + 1;
    shared.set([stamp, strand, number, a, b], at + 1 + count * WIDTH);
    Atomics.store(shared, at, count + 1);
  };
}

/** @param {number[]} words @returns {Entry} */
export const toEntry = ([stamp, strand, word, a, b]) => ({
  stamp,
  strand,
  word: WORDS[word],
  a,
  b,
});

/** @param {Int32Array} shared @param {number} thread @returns {Entry[]} */
export function readLog(shared, thread) {
  const at = 1 + thread * SEGMENT;
  return Array.from({ length: Atomics.load(shared, at) }, (_, i) =>
    toEntry([...shared.subarray(at + 1 + i * WIDTH, at + 1 + (i + 1) * WIDTH)]),
  );
}

/** @param {Entry} entry */
export const show = ({ stamp, strand, word, a, b }) =>
  `${stamp} strand ${strand}: ${word} ${a} ${b}`;
