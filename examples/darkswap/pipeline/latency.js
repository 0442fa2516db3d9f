/** Histograms of times, in buckets that double every four: small, mergeable, and copied as they are. */

const PER_DOUBLING = 4;
const BUCKETS = 128; // up to 2^32 us

/** @typedef {{count: number, buckets: number[]}} Latencies in microseconds */

/** @returns {Latencies} */
export const noLatencies = () => ({ count: 0, buckets: new Array(BUCKETS).fill(0) });

/**
 * @param {Latencies} latencies
 * @param {number} milliseconds
 * @param {number} [times]
 */
export function addLatency(latencies, milliseconds, times = 1) {
  const bucket = Math.floor(Math.log2(Math.max(1, milliseconds * 1000)) * PER_DOUBLING);
  latencies.buckets[Math.min(BUCKETS - 1, bucket)] += times;
  latencies.count += times;
}

/** The time below which a share of all lies, in milliseconds, to a fifth. @param {Latencies} latencies @param {number} share */
export function quantile({ count, buckets }, share) {
  let left = Math.max(1, Math.ceil(count * share));
  const bucket = buckets.findIndex((times) => {
    left -= times;
    return left <= 0;
  });
  return count === 0 ? 0 : 2 ** ((bucket + 1) / PER_DOUBLING) / 1000;
}

/** How many each doubling has, from `first` ms on: what is quicker or slower is in the first or the last.
 * @param {Latencies} latencies @param {number} first @param {number} columns */
export function doublings({ buckets }, first, columns) {
  const sums = new Array(columns).fill(0);
  for (const [i, times] of buckets.entries()) {
    const column = Math.floor(i / PER_DOUBLING - Math.log2(first * 1000));
    sums[Math.min(columns - 1, Math.max(0, column))] += times;
  }
  return sums;
}

/** Milliseconds that all threads count alike. */
export const clock = () => performance.timeOrigin + performance.now();
