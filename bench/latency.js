/**
 * The times of echoes, one by one or, where the clock's step is longer than an echo, several together. In the
 * page and in workers alike.
 *
 * @typedef {{samples: number, batch: number}} Amount
 */

/** A step is a small part of what is measured. */
const STEPS = 4;
const MOST = 1000;

/** The clock's step here, in milliseconds. */
export function clockStep() {
  let step = Infinity;
  for (let i = 0; i < 20; i++) {
    const begin = performance.now();
    let now = begin;
    while (now === begin) now = performance.now();
    step = Math.min(step, now - begin);
  }
  return step;
}

let asked = 0;

/**
 * @param {import('./peers/pipe.js').Client} client
 * @param {Amount} amount
 * @returns {Promise<Float64Array>} milliseconds an echo, in the order in which they were
 */
export async function measureEcho({ echo, sync }, { samples, batch }) {
  const times = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    const begin = performance.now();
    for (let j = 0; j < batch; j++) {
      const n = asked++;
      const got = sync ? sync(n) : await echo(n);
      if (got !== n) throw new Error(`the echo of ${n} was ${got}`);
    }
    times[i] = (performance.now() - begin) / batch;
  }
  return times;
}

/** How many echoes are timed together. @param {number} echo milliseconds @param {number} step */
export const batchFor = (echo, step) =>
  Math.min(MOST, Math.max(1, Math.ceil((STEPS * step) / Math.max(echo, 1e-4))));

/** A value below which this part of all lies. @param {ArrayLike<number>} values @param {number} part */
export function quantile(values, part) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
