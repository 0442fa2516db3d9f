/**
 * How times are spread, in constant space: buckets that grow by a fifth.
 *
 * @typedef {{
 *   readonly count: number, readonly mean: number, readonly p50: number, readonly p99: number,
 *   readonly max: number,
 * }} Spread milliseconds; p50 and p99 to a tenth of their size
 */

const GROWTH = /* @__PURE__ */ Math.log(1.2);
/** The first bucket ends here, in milliseconds; the last one a day later. */
const LEAST = 0.001;
const BUCKETS = 140;

export function makeSpread() {
  const buckets = new Uint32Array(BUCKETS);
  let count = 0;
  let sum = 0;
  let max = 0;

  /** @param {number} share */
  function percentile(share) {
    let left = Math.ceil(count * share);
    for (let i = 0; i < BUCKETS; i++) {
      left -= buckets[i];
      if (left <= 0) return Math.min(max, LEAST * Math.exp(GROWTH * (i - 0.5)));
    }
    return max;
  }

  return {
    /** @param {number} ms */
    add(ms) {
      count++;
      sum += ms;
      max = Math.max(max, ms);
      const bucket = ms > LEAST ? Math.ceil(Math.log(ms / LEAST) / GROWTH) : 0;
      buckets[Math.min(bucket, BUCKETS - 1)]++;
    },
    /** @returns {Spread} */
    read: () => ({
      count,
      mean: count === 0 ? 0 : sum / count,
      p50: count === 0 ? 0 : percentile(0.5),
      p99: count === 0 ? 0 : percentile(0.99),
      max,
    }),
  };
}
