/** Work for a pool, as a module of its own: no bundler has to know it. */

/**
 * How many prime numbers there are below `limit`.
 *
 * @param {number} limit
 */
export function countPrimes(limit) {
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(`there are no primes to count below ${String(limit)}`);
  }
  const composite = new Uint8Array(limit);
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (composite[n]) continue;
    count++;
    for (let at = n * n; at < limit; at += n) composite[at] = 1;
  }
  return count;
}
