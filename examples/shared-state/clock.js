/** What a clock can tell apart: browsers round theirs, to 1 ms where the page is not isolated. */

const LOOKS = 1_000_000;
const STEPS = 7;

/**
 * How far the clock goes at once, in its own unit; Infinity: it did not move. It is the least that was
 * seen: while the thread does not run, the clock goes on by many steps.
 *
 * @param {() => number} now
 */
export function stepOf(now) {
  /** @type {number[]} */
  const steps = [];
  let last = now();
  for (let looks = 0; looks < LOOKS && steps.length < STEPS; looks++) {
    const at = now();
    if (at > last) steps.push(at - last);
    last = at;
  }
  return steps.length < STEPS ? Infinity : Math.min(...steps);
}

/** @param {number[]} values */
export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
