/** An order's path: how many messages came how far, and how long after their receipt, as histograms. */

import { doublings, quantile } from '../pipeline/latency.js';
import { element, write } from './elements.js';

/** @typedef {ReturnType<import('../pipeline/exchange.js').Exchange['stats']>} Stats */

/** A column doubles the one before: from 1/8 ms to 4 s. */
const [FIRST, COLUMNS] = [1 / 8, 16];

/** @param {Stats} stats */
export function showPath({ received, verified, refused, matched, rejected, verifyMs, matchMs }) {
  write('received', received);
  write('verified', verified);
  write('refused', refused);
  write('matched', matched);
  write('rejected', rejected);
  histogram('verify', verifyMs);
  histogram('match', matchMs);
}

/** @param {string} name @param {import('../pipeline/latency.js').Latencies} latencies */
function histogram(name, latencies) {
  const [half, most] = [0.5, 0.99].map((share) => quantile(latencies, share).toPrecision(2));
  write(`${name}-ms`, latencies.count > 0 ? `${half} ms, ${most} ms` : 'none yet');
  const columns = doublings(latencies, FIRST, COLUMNS);
  const highest = Math.max(1, ...columns);
  const place = element(`${name}-histogram`);
  while (place.childElementCount < COLUMNS) place.append(document.createElement('span'));
  const bars = /** @type {HTMLCollectionOf<HTMLElement>} */ (place.children);
  columns.forEach((times, i) => {
    bars[i].style.height = `${(100 * times) / highest}%`;
  });
}
