// Values that tell when they are not whole: each part of one says the same number.

/** @typedef {{n: number, list: number[], bytes: Uint8Array, text: string}} Whole */

/** Of another length each time. @param {number} n @returns {Whole} */
export const wholeOf = (n) => ({
  n,
  list: new Array(n % 97).fill(n),
  bytes: new Uint8Array((n * 37) % 5003).fill(n),
  text: `${n};`.repeat(n % 31),
});

/** Throws where it is not. @param {Whole} value @returns {number} its number */
export function requireWhole({ n, list, bytes, text }) {
  const same =
    list.length === n % 97 &&
    list.every((each) => each === n) &&
    bytes.length === (n * 37) % 5003 &&
    bytes.every((each) => each === n % 256) &&
    text === `${n};`.repeat(n % 31);
  if (!same) throw new Error(`a torn value: ${n}, ${list}, ${bytes.subarray(0, 9)}, ${text}`);
  return n;
}
