/**
 * `make bench-compare REV=name`: this tree's SDK beside another revision's, by this tree's figures. Each figure runs
 * in a Node or a page of its own, five times over each, in turns; the ratio is the median of the turns' ratios.
 *
 *   REV=name node bench/compare.js PART ...      by default what `make bench-quick` takes
 *   ENGINES="node firefox"                       Node by default
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chosenEngines, chosenParts } from './choice.js';
import { startEngine } from './engines.js';
import { kindOf } from './jobs.js';
import { median } from './stats.js';
import { paramsText, short, textTable } from './words.js';

/** @typedef {import('./line.js').Line} Line */

const TURNS = 5;
const root = fileURLToPath(new URL('../', import.meta.url));

/** What it says goes where people look. @param {string} command @param {string[]} args @param {string} cwd */
const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 2, 2] });

/** Builds the revision, with this tree's figures. @param {string} revision @returns {string} its folder, from the root */
function prepare(revision) {
  const name = `${revision}^{commit}`;
  const commit = execFileSync('git', ['rev-parse', '--verify', name], { cwd: root })
    .toString()
    .trim();
  const folder = `build/compare/${commit.slice(0, 12)}/`;
  const tree = root + folder;
  if (!existsSync(`${tree}package.json`)) {
    mkdirSync(`${root}build/compare`, { recursive: true });
    run('git', ['worktree', 'prune'], root);
    run('git', ['worktree', 'add', '--detach', tree, commit], root);
  }
  if (!existsSync(`${tree}node_modules`)) symlinkSync(`${root}node_modules`, `${tree}node_modules`);
  console.error(`building ${revision} in ${folder}`);
  rmSync(`${tree}bench`, { recursive: true, force: true });
  cpSync(`${root}bench`, `${tree}bench`, { recursive: true });
  // Not `make build`, which would install into the shared node_modules what that revision's lock file says.
  run('make', ['dist/built', 'build/bench/kernel.wasm'], tree);
  run('node', ['bench/build.js'], tree);
  for (const file of ['pthread.js', 'pthread.wasm', 'pthread.worker.js']) {
    cpSync(`${root}build/bench/${file}`, `${tree}build/bench/${file}`);
  }
  return folder;
}

/** What may differ: Sluice's own values, by what they are of. @param {Line[]} lines */
const valuesOf = (lines) =>
  new Map(
    lines
      .filter(({ peer, unit, value }) => peer.startsWith('Sluice') && unit !== 'ratio' && value)
      .map((line) => [
        JSON.stringify([line.name, line.peer, line.unit, kindOf(line.params)]),
        line,
      ]),
  );

/** @param {import('./team.js').EngineName} name @param {string[]} parts @param {string} other */
async function compare(name, parts, other) {
  const engine = await startEngine(name);
  /** @type {Map<string, number[]>} */
  const found = new Map();
  try {
    for (const part of parts) {
      for (let turn = 0; turn < TURNS; turn++) {
        const bases = turn % 2 ? [other, ''] : ['', other];
        /** @type {Map<string, Map<string, Line>>} */
        const values = new Map();
        for (const base of bases) values.set(base, valuesOf(await engine.run(part, base)));
        for (const [key, { value }] of values.get('') ?? []) {
          const theirs = values.get(other)?.get(key)?.value;
          if (!theirs || value === null) continue;
          found.set(key, [...(found.get(key) ?? []), value / theirs]);
        }
      }
    }
  } finally {
    await engine.close();
  }
  const rows = [['this tree, times the other', engine.version(), 'lowest', 'highest']];
  for (const [key, ratios] of found) {
    const [figure, peer, unit, params] = JSON.parse(key);
    const value = median(ratios);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    const line = { name: `${figure}.of_other`, value, unit: 'ratio', engine: engine.version() };
    console.log(
      JSON.stringify({ ...line, params: { ...params, unit, other: revision }, peer, low, high }),
    );
    rows.push([
      `${figure} ${paramsText(params)} (${peer}, ${unit})`,
      ...[value, low, high].map(short),
    ]);
  }
  console.error(`\n${textTable(rows)}`);
}

const revision = process.env.REV;
if (!revision)
  throw new Error('REV says which revision to compare with: make bench-compare REV=main');
process.env.QUICK = '1';
const other = prepare(revision);
for (const name of chosenEngines(['node']))
  await compare(name, chosenParts(process.argv.slice(2)), other);
