/** Figures as people read them. */

/** @param {number} value three digits, and a letter for thousands */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${digits(value / 1e6)} M`;
  if (size >= 1e4) return `${digits(value / 1e3)} k`;
  return digits(value);
}

/** @param {number} value */
const digits = (value) =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

/**
 * Its value; of times that are shorter than the clock's step, that step.
 *
 * @param {import('./jobs.js').Said & {value: number}} said
 */
export function valueText({ value, unit, params }) {
  const step = Number(params.clockStepUs ?? 0) / Number(params.batch ?? 1);
  return unit === 'us' && value < step ? `< ${short(step)}` : short(value);
}

/** @param {import('./jobs.js').Cell | undefined} cell @param {boolean} [bold] a target that is missed stands out */
export function cellText(cell, bold) {
  if (!cell) return '';
  const { value, low, high } = cell.value;
  if (value === null) return '-';
  const spread =
    low !== undefined && high !== undefined && value > 0 ? (high - low) / 2 / value : 0;
  const times = cell.times?.value;
  const missed = bold && cell.times?.met === false;
  const better = typeof times === 'number' ? ` x${short(times)}` : '';
  return `${valueText({ ...cell.value, value })}${spread > 0 ? ` ±${Math.round(spread * 100)}%` : ''}${missed ? ` **${better.trim()}**` : better}`;
}

/** @param {Record<string, unknown>} params */
export const paramsText = (params) =>
  Object.entries(params)
    .map(([name, value]) => `${words(name)} ${value}`)
    .join(', ');

/** @param {string} name */
const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** @param {string} unit */
export const unitText = (unit) => (unit === '1/s' ? 'a second' : unit);

/** @param {string[][]} rows the first is the head @returns {string} */
export function textTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
        )
        .join('  '),
    )
    .join('\n');
}

/** @param {string[][]} rows the first is the head @returns {string} */
export function markdownTable([head, ...rows]) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  const rule = `|---|${head
    .slice(1)
    .map(() => '---:|')
    .join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** @param {import('./jobs.js').Job} job @param {boolean} [bold] @returns {string[][]} */
export const jobTable = (job, bold) => [
  [unitText(job.unit), ...job.engines],
  ...[...job.rows].map(([peer, cells]) => [
    peer,
    ...job.engines.map((engine) => cellText(cells.get(engine), bold)),
  ]),
];
