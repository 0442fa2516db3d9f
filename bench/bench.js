/**
 * `make bench`: the SDK beside plain postMessage and plain Atomics, as JSON lines, a figure each.
 *
 *   node bench.js PART ...         the figures whose name contains one of these
 *   OUT=file                       the lines into that file as well
 *   QUICK=1                        fewer jobs, sizes and rounds
 *   ENGINES="node firefox"         of node, chromium, firefox, webkit; all of them by default
 *
 * Exits with 1 where a figure could not be measured; a target that is not met says so in its line.
 */

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { ALL, chosenEngines, chosenParts } from './choice.js';
import { startEngine } from './engines.js';
import { jobsOf } from './jobs.js';
import { jobTable, paramsText, textTable } from './words.js';

/** @typedef {import('./team.js').EngineName} EngineName */

/** @type {import('./jobs.js').Said[]} */
const said = [];

/** @param {import('./line.js').Line} line @param {string} engine */
function print({ name, value, unit, ...more }, engine) {
  const line = { name, value, unit, engine, ...more };
  said.push(line);
  console.log(JSON.stringify(line));
}

/** @param {string} what @param {() => Promise<void>} work */
async function orTell(what, work) {
  try {
    await work();
  } catch (error) {
    console.error(`bench: ${what}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}

/** @param {EngineName} name @param {string[]} parts */
async function bench(name, parts) {
  const engine = await startEngine(name);
  try {
    for (const part of parts) {
      await orTell(`${part} in ${name}`, async () => {
        for (const line of await engine.run(part)) print(line, engine.version());
      });
    }
  } finally {
    await engine.close();
  }
}

/** The day, as all that a run says of its time. */
const today = () => new Date().toISOString().slice(0, 10);

const parts = chosenParts(process.argv.slice(2));
const processors = cpus();
print(
  {
    name: 'machine.processors',
    peer: 'machine',
    value: processors.length,
    unit: 'processors',
    params: {
      cpu: processors[0].model.trim(),
      system: release(),
      load: loadavg()[0],
      date: today(),
    },
  },
  `Node ${process.versions.node}`,
);
for (const name of chosenEngines(ALL)) await orTell(name, () => bench(name, parts));

// People read the end of it, programs the lines.
for (const job of jobsOf(said)) {
  console.error(`\n${job.name} ${paramsText(job.params)}`);
  console.error(textTable(jobTable(job)));
}
console.error(`\nbench: took ${Math.round(process.uptime())} s`);
if (process.env.OUT) {
  writeFileSync(process.env.OUT, said.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
