/** The page with the plots of a run: one file with all that it needs, by uPlot. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { machineText } from './docs.js';
import { jobsOf } from './jobs.js';
import { paramsText, unitText } from './words.js';

/**
 * @typedef {{title: string, unit: string, x: string, labels: string[], at: number[], log: boolean, peers: {name: string, values: (number | null)[]}[]}} Plot
 *   `labels`: of the places `at` the x axis
 */

/** The parameter that a job is measured over, for a line over it. @type {Record<string, string>} */
const OVER = { throughput: 'bytes', fan_out: 'receivers', hash: 'workers', calls: 'inFlight' };
const QUANTILES = ['p50', 'p99', 'p99.9', 'max'];

/** @param {import('./jobs.js').Said[]} lines @returns {Plot[]} */
export function plotsOf(lines) {
  const jobs = jobsOf(lines);
  /** @type {Map<string, {job: import('./jobs.js').Job, label: string, at: number}[]>} */
  const groups = new Map();
  for (const job of jobs) {
    const [name, ...quantile] = job.name.split('.');
    const latency = name === 'latency';
    const over = latency ? 'part' : OVER[job.name];
    const { [over]: place, ...rest } = job.params;
    const title = [latency ? name : job.name, paramsText(rest)].filter(Boolean).join(', ');
    const label = latency ? quantile.join('.') : String(place ?? '');
    const at = latency ? QUANTILES.indexOf(label) : Number(place ?? 0);
    const group = groups.get(title) ?? [];
    groups.set(title, group);
    group.push({ job, label, at });
  }
  return [...groups].flatMap(([title, all]) =>
    all[0].job.engines.map((engine) => ({
      title: `${title}: ${engine}`,
      unit: unitText(all[0].job.unit),
      x: OVER[all[0].job.name] ?? '',
      labels: all.map(({ label }) => label),
      at: all.map(({ at }) => at),
      log: all[0].job.name === 'throughput',
      peers: [...all[0].job.rows.keys()].map((name) => ({
        name,
        values: all.map(({ job }) => job.rows.get(name)?.get(engine)?.value.value ?? null),
      })),
    })),
  );
}

/** @param {import('./jobs.js').Said[]} lines */
export async function pageOf(lines) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('plots-page.js', import.meta.url))],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
  });
  const style = readFileSync(new URL('../node_modules/uplot/dist/uPlot.min.css', import.meta.url));
  const data = JSON.stringify(plotsOf(lines)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: benchmarks</title>
<link rel="icon" href="data:,">
<style>${style}body{font:15px/1.5 system-ui;margin:2rem;max-width:64rem}figure{margin:2rem 0}</style>
<h1>Sluice, and what one would use instead</h1>
<p>${machineText(lines).replace('\n', '<br>')}</p>
<main></main>
<script type="application/json" id="plots">${data}</script>
<script>${outputFiles[0].text}</script>
</html>
`;
}
