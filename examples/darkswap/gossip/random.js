/** A small generator of numbers that are the same everywhere for one seed (mulberry32). */

/**
 * @typedef {ReturnType<typeof makeRandom>} Random
 */

/** @param {number} seed */
export function makeRandom(seed) {
  let state = seed >>> 0;

  function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number below `end`. @param {number} end 1 to 2^32 */
  const below = (end) => Math.floor((next() / 2 ** 32) * end);

  return {
    below,
    /** From `first` to `last`. @param {number} first @param {number} last */
    between: (first, last) => first + below(last - first + 1),
    /** True so often. @param {number} share 0 to 1 */
    chance: (share) => next() / 2 ** 32 < share,
    /** @template T @param {readonly T[]} list */
    pick: (list) => list[below(list.length)],
    u64: () => (BigInt(next()) << 32n) | BigInt(next()),
    /** @param {number} length */
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
