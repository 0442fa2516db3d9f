/**
 * `make bench`: the SDK beside plain postMessage and plain Atomics, as JSON lines, a figure each.
 *
 *   node bench.js PART             the figures whose name contains PART
 *   ENGINES="node firefox"         of node, chromium, firefox, webkit; all of them by default
 *
 * Exits with 1 where a figure could not be measured; a target that is not met says so in its line.
 */

import { cpus, loadavg, release } from 'node:os';
import { startEngine } from './engines.js';
import { figures } from './figures.js';

/** @typedef {import('./team.js').EngineName} EngineName */

const ALL = /** @type {EngineName[]} */ (['node', 'chromium', 'firefox', 'webkit']);

/** @returns {EngineName[]} */
function chosen() {
  const names = (process.env.ENGINES ?? '').split(/[\s,]+/).filter(Boolean);
  const unknown = names.find((name) => !ALL.includes(/** @type {EngineName} */ (name)));
  if (unknown) throw new Error(`ENGINES names ${unknown}, and may name ${ALL.join(', ')}`);
  return names.length > 0 ? /** @type {EngineName[]} */ (names) : ALL;
}

/** @param {import('./line.js').Line} line @param {string} engine */
const print = ({ name, value, unit, ...more }, engine) =>
  console.log(JSON.stringify({ name, value, unit, engine, ...more }));

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

const part = process.argv[2] ?? '';
const parts = Object.keys(figures).filter((name) => name.includes(part));
const processors = cpus();
print(
  {
    name: 'machine.processors',
    value: processors.length,
    unit: 'processors',
    params: { cpu: processors[0].model.trim(), system: release(), load: loadavg()[0] },
  },
  `Node ${process.versions.node}`,
);
for (const name of chosen()) await orTell(name, () => bench(name, parts));
