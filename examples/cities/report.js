/** The figures as a table of text: a column for each way. */

/** @type {Record<import('./pair.js').Way, string>} */
export const TITLES = {
  shared: 'Sluice, shared',
  message: 'Sluice, messages',
  plain: 'plain postMessage',
};

/** @type {Record<import('./pair.js').Job, string>} */
export const JOB_TITLES = { transport: 'transport alone', whole: 'whole job' };

/** @param {import('./compare.js').Column[]} columns */
export const headings = (columns) => ['', ...columns.map(({ way }) => TITLES[way])];

/**
 * @param {import('./compare.js').Column[]} columns
 * @returns {string[][]} each led by what it shows
 */
export function rows(columns) {
  return /** @type {const} */ (['transport', 'whole']).flatMap((job) => {
    const rates = columns.map((column) => column[job]);
    const plain = columns.find(({ way }) => way === 'plain')?.[job].recordsPerSecond ?? NaN;
    const title = JOB_TITLES[job];
    return [
      [`${title}, records/s`, ...rates.map((rate) => grouped(rate.recordsPerSecond))],
      [`${title}, MB/s`, ...rates.map((rate) => (rate.bytesPerSecond / 1e6).toFixed(1))],
      [
        `${title}, against plain postMessage`,
        ...rates.map((rate) => `${(rate.recordsPerSecond / plain).toFixed(1)}x`),
      ],
    ];
  });
}

/** @param {number} value */
const grouped = (value) => Math.round(value).toLocaleString('en-US');
