/**
 * The lines of a run as jobs: what was done, by which peers, in which engines.
 *
 * @typedef {import('./line.js').Line & {engine: string}} Said a line with its engine and version
 * @typedef {{value: Said, times?: Said}} Cell `times`: how many times better Sluice is
 * @typedef {{name: string, params: Record<string, unknown>, unit: string, engines: string[], rows: Map<string, Map<string, Cell>>}} Job
 *   `rows`: by peer and by engine
 */

const BETTER = '.times_better';

/** What does not tell jobs apart, but says how one was measured. */
/** @type {string[]} */
const HOW = [
  'rounds',
  'warm',
  'batch',
  'clockStepUs',
  'messages',
  'realm',
  'places',
  'chunk',
  'ms',
];

/** @param {string} engine */
export const family = (engine) => engine.split(' ')[0];

/** @param {Said[]} lines @returns {string[]} the engines' names */
export const familiesOf = (lines) => [
  ...new Set(lines.filter(({ peer }) => peer !== 'machine').map(({ engine }) => family(engine))),
];

/** @param {Record<string, unknown>} params */
export const kindOf = (params) =>
  Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => !HOW.includes(name))
      // A driver may have put them into another order.
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );

/** What peers did side by side. @param {Said[]} lines @returns {Job[]} */
export function jobsOf(lines) {
  /** @type {Map<string, Job>} */
  const jobs = new Map();
  const peers = lines.filter(isOfJob);
  for (const line of peers.filter(({ name }) => !name.endsWith(BETTER))) {
    const params = kindOf(line.params);
    const key = `${line.name} ${JSON.stringify(params)}`;
    /** @type {Job} */
    const job = jobs.get(key) ?? {
      name: line.name,
      params,
      unit: line.unit,
      engines: [],
      rows: new Map(),
    };
    jobs.set(key, job);
    const engine = family(line.engine);
    if (!job.engines.includes(engine)) job.engines.push(engine);
    const row = job.rows.get(line.peer) ?? new Map();
    job.rows.set(line.peer, row);
    row.set(engine, { value: line });
  }
  for (const line of peers.filter(({ name }) => name.endsWith(BETTER))) {
    const key = `${line.name.slice(0, -BETTER.length)} ${JSON.stringify(kindOf(line.params))}`;
    const cell = jobs.get(key)?.rows.get(line.peer)?.get(family(line.engine));
    if (cell) cell.times = line;
  }
  return [...jobs.values()];
}

/** A job's lines, and not a figure of Sluice's own. @param {Said} line */
const isOfJob = ({ name, low, cannot }) =>
  low !== undefined || cannot !== undefined || name.endsWith(BETTER) || name === 'shipped';

/** Ratios with a target, or beside one: by name and parameters, and by engine. @param {Said[]} lines */
export function ratiosOf(lines) {
  /** @type {Map<string, Map<string, Said>>} */
  const rows = new Map();
  for (const line of lines) {
    if (isOfJob(line) || line.peer === 'machine' || line.peer === 'engine') continue;
    if (line.unit !== 'ratio' && !line.target) continue;
    const bytes = line.params.bytes && line.name.startsWith('messages.');
    const key = bytes ? `${line.name}, ${line.params.bytes} bytes` : line.name;
    const row = rows.get(key) ?? new Map();
    rows.set(key, row);
    row.set(family(line.engine), line);
  }
  return rows;
}
