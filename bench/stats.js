/** Medians, and contenders measured in turns. */

import { inTime } from './deadline.js';

/** @param {number[]} values @returns {number} */
export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Times are told apart from here on, in milliseconds: less is the noise of subtracting two. */
const GRAIN = 1e-4;

/**
 * The median of times by a clock that goes in steps: those that look alike are taken as spread evenly
 * over the step, so that a browser's 20 microseconds do not round it.
 *
 * @param {number[]} times in milliseconds
 * @returns {number}
 */
export function middle(times) {
  const sorted = times.map((time) => Math.round(time / GRAIN)).sort((a, b) => a - b);
  let step = Infinity;
  for (let i = 1; i < sorted.length; i++) {
    const apart = sorted[i] - sorted[i - 1];
    if (apart > 0) step = Math.min(step, apart);
  }
  const half = sorted.length / 2;
  const at = sorted[Math.floor(half)];
  if (step === Infinity) return at * GRAIN;
  const below = sorted.indexOf(at);
  const same = sorted.lastIndexOf(at) + 1 - below;
  return (at + step * ((half - below) / same - 0.5)) * GRAIN;
}

/**
 * Each contender once a round, round after round, so that what else the machine does meets all of
 * them; the first rounds only warm up.
 *
 * @template {string} K
 * @param {Record<K, () => Promise<number>>} contenders each gives its figure
 * @param {{rounds: number, warm: number}} counts
 * @returns {Promise<Record<K, number[]>>} by round
 */
export async function inTurns(contenders, { rounds, warm }) {
  const names = /** @type {K[]} */ (Object.keys(contenders));
  /** @type {any} */
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warm; round < rounds; round++) {
    // Forwards and backwards: nobody always follows the same one.
    for (const name of round % 2 ? names.toReversed() : names) {
      const figure = await inTime(name, contenders[name]());
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}

/**
 * The median of the rounds' ratios.
 *
 * @param {number[]} some
 * @param {number[]} others of the same rounds
 */
export const ratio = (some, others) => median(some.map((one, round) => one / others[round]));
