/**
 * How times are spread, in constant space: buckets, eight for each power of two.
 *
 * @typedef {{
 *   readonly count: number, readonly mean: number, readonly p50: number, readonly p99: number,
 *   readonly max: number,
 * }} Spread milliseconds; p50 and p99 to a tenth of their size
 */

import { float, word } from '../loader/value/tags.js';

// As numbers, because a bundler keeps sums that nobody uses.
/** The first bucket ends here, in milliseconds, at 2 ** -10; the last one a day later. */
const SHORTEST = 0.0009765625;
const EIGHTHS = 8;
const BUCKETS = 304; // 38 * EIGHTHS
/** That time's sign, exponent and first three bits behind the point. */
const BIAS = 8104; // (1023 - 10) * EIGHTHS

export function makeSpread() {
  const buckets = new Uint32Array(BUCKETS);
  /** Of so many, their sum and the longest; as variables each would be a new object whenever it changes. */
  const totals = new Float64Array(3);

  /** @param {number} share */
  function percentile(share) {
    const [count, , max] = totals;
    let left = Math.ceil(count * share);
    for (let i = 0; i < BUCKETS; i++) {
      left -= buckets[i];
      if (left <= 0) return Math.min(max, middleOf(i));
    }
    return max;
  }

  return {
    /** @param {number} ms */
    add(ms) {
      totals[0]++;
      totals[1] += ms;
      if (ms > totals[2]) totals[2] = ms;
      buckets[ms < SHORTEST ? 0 : bucketOf(ms)]++;
    },
    /** @returns {Spread} */
    read() {
      const [count, sum, max] = totals;
      return {
        count,
        mean: sum / (count || 1),
        p50: percentile(0.5),
        p99: percentile(0.99),
        max,
      };
    },
  };
}

/** A double's own bits are a logarithm, to an eighth. @param {number} ms SHORTEST or more */
function bucketOf(ms) {
  float[0] = ms;
  const bucket = (((word[7] << 8) | word[6]) >> 1) - BIAS + 1;
  return Math.min(bucket, BUCKETS - 1);
}

/** @param {number} bucket */
function middleOf(bucket) {
  const eighths = bucket - 0.5;
  const power = Math.floor(eighths / EIGHTHS);
  return bucket === 0 ? SHORTEST / 2 : SHORTEST * 2 ** power * (1 + eighths / EIGHTHS - power);
}
