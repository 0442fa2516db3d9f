// The package in Node, Deno and Bun; by the tools that check packages; and by TypeScript.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before } from 'node:test';
import { runCases } from './cases.js';
import { table } from './consumers.js';
import { consumers, install, pack, root } from './install.js';
import { complete } from './programs.js';

const TIMEOUT = 60_000;

/** @param {string} name */
const bin = (name) => join(consumers, 'node_modules/.bin', name);

/** @type {Record<string, string[]>} */
const runtimes = {
  Node: [process.execPath],
  Deno: [bin('deno'), 'run', '--allow-read'],
  Bun: [bin('bun'), 'run'],
};

let folder = '';
let tarball = '';

async function prepare() {
  tarball = await pack();
  folder = await install('runtimes', ['node']);
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  for (const [, name, code] of readme.matchAll(/^```js\n\/\/ (\S+)\.mjs\n(.*?)^```$/gms))
    await writeFile(
      join(folder, `readme-${name}.mjs`),
      code.replaceAll('./worker', './readme-worker'),
    );
}

/** @param {string} runtime @param {string} file */
const run = (runtime, file) => complete([...runtimes[runtime], file], folder, 30_000);

/** @param {string} runtime */
async function runsTheReadme(runtime) {
  const said = await run(runtime, 'readme-main.mjs');
  const greetings = ['Ada', 'Grace', 'Barbara'].map((name) => `Hello, ${name}, over shared memory`);
  assert.deepEqual(said.trim().split('\n'), greetings);
}

/** @param {string} runtime */
async function usesBoth(runtime) {
  const found = { words: 500, sum: 42, recovered: true, squares: true };
  assert.deepEqual(JSON.parse(await run(runtime, 'main.mjs')), {
    first: { transport: 'shared', ...found },
    second: { transport: 'message', ...found },
    problems: [],
  });
}

async function runsBundled() {
  const options = ['--bundle', '--platform=node', '--format=cjs', '--outfile=alone.cjs'];
  await complete([join(root, 'node_modules/.bin/esbuild'), 'alone.mjs', ...options], folder);
  assert.equal(await run('Node', 'alone.cjs'), 'shared kept\n');
}

/** @param {string} runtime */
async function namesTheWorker(runtime) {
  assert.match(
    await run(runtime, 'global-worker.mjs'),
    /import \{ Worker \} from 'node:worker_threads'/,
  );
}

async function publishes() {
  const said = await complete([bin('publint'), 'run', tarball, '--strict'], root);
  assert.match(said, /All good/);
}

// The package is ESM only: without `exports` (node10) and by require() of old it is not to be found. A
// wasm file has no types.
async function hasItsTypes() {
  const options = ['--profile', 'esm-only', '--exclude-entrypoints', './core.wasm', '--no-emoji'];
  const said = await complete([bin('attw'), tarball, ...options], root);
  assert.match(said, /"sluice\/compute-worker" │ OK/);
}

async function typeChecks() {
  const typed = await install('types', ['types']);
  const options = [
    '--ignoreConfig',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noEmit',
    '--target',
    'es2022',
  ];
  const dom = ['--lib', 'es2024,dom,esnext.disposable'];
  const node = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
  for (const how of [
    ['--module', 'nodenext', ...dom, 'main.ts'],
    ['--module', 'esnext', '--moduleResolution', 'bundler', ...dom, 'main.ts'],
    ['--module', 'nodenext', ...dom, ...node, 'node.ts'],
    [
      '--module',
      'nodenext',
      '--lib',
      'es2024,esnext.disposable',
      '--skipLibCheck',
      ...node,
      'node.ts',
    ],
  ])
    await complete([join(root, 'node_modules/.bin/tsc'), ...options, ...how], typed);
}

async function namesTheTools() {
  const page = await readFile(join(root, 'docs/bundlers.md'), 'utf8');
  for (const tool of new Set(table.map(({ name }) => name.split(',')[0]))) {
    assert.ok(page.includes(tool), `docs/bundlers.md has ${tool}`);
    const [, name, major] = /^(\S+)(?: (\d+))?$/.exec(tool) ?? [];
    if (!major) continue;
    const folder = major === '7' ? 'vite-7' : name.toLowerCase().replace('.js', '');
    const manifest = await readFile(
      join(consumers, 'node_modules', folder, 'package.json'),
      'utf8',
    );
    assert.equal(JSON.parse(manifest).version.split('.')[0], major, tool);
  }
}

before(prepare);
runCases('packaging-runtimes', TIMEOUT, [
  ...Object.keys(runtimes).flatMap(
    (runtime) =>
      /** @type {[string, () => Promise<void>][]} */ ([
        [`the README's example runs in ${runtime}, and ends`, () => runsTheReadme(runtime)],
        [`both transports work in ${runtime}`, () => usesBoth(runtime)],
      ]),
  ),
  ['a bundle for Node that is no module has the core in itself', runsBundled],
  ['Deno is told which Worker it takes', () => namesTheWorker('Deno')],
  ['Bun is told which Worker it takes', () => namesTheWorker('Bun')],
  ['docs/bundlers.md has each bundler, of the version that is tested', namesTheTools],
  ['publint finds nothing', publishes],
  ['are the types wrong? No', hasItsTypes],
  ['TypeScript takes what is right and refuses what is wrong', typeChecks],
]);
