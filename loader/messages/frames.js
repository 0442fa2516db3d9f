/**
 * Runs of frames, as they stand in a ring: each an i32 of its length with these 8 bytes, an i32 of
 * its type, the payload, up to the next multiple of 8. On their way between threads they stand in
 * buffers of their own, without paddings.
 */

export const HEADER = 8;
/** Types: a padding, and a block whose bytes stand elsewhere. */
export const PADDING = -1;
export const BLOCK = 1;

/** @param {number} length a frame's first word */
export const aligned = (length) => (length + 7) & ~7;

/**
 * The first `limit` frames from `at` on, or up to a padding.
 *
 * @param {Int32Array} words
 * @param {number} at a byte, a multiple of 8
 * @param {number} end
 * @param {number} limit
 * @param {(word: number) => void} onBlock called for each block, with its frame's first index
 * @returns {{records: number, bytes: number}}
 */
export function measure(words, at, end, limit, onBlock) {
  let records = 0;
  let to = at;
  while (to < end && records < limit) {
    const word = to >> 2;
    if (words[word + 1] === PADDING) break;
    if (words[word + 1] === BLOCK) onBlock(word);
    to += aligned(words[word]);
    records++;
  }
  return { records, bytes: to - at };
}
