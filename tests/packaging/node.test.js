// Packs the package and uses the tarball as somebody else's project would, without a network.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { keptOf } from '../../scripts/kept.js';
import { weigh } from '../../scripts/weigh.js';
import { suite } from '../conformance/suite.js';
import { runCases } from './cases.js';

/** @typedef {{ filename: string, files: { path: string }[] }} Packed */

const SUITE = 'packaging';
const TIMEOUT = 60_000;

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder = '';
let consumer = '';
/** @type {Packed} */
let packed;
/** @type {string[]} */
let paths;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-packaging-'));
  packed = await pack(folder);
  paths = packed.files.map(({ path }) => path);
  consumer = await install(folder, join(folder, packed.filename));
});

/**
 * @param {string} into
 * @returns {Promise<Packed>}
 */
async function pack(into) {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', into];
  const { stdout } = await run('npm', args, { cwd: root, timeout: TIMEOUT });
  return JSON.parse(stdout)[0];
}

/**
 * @param {string} parent
 * @param {string} tarball
 * @returns {Promise<string>} a new project that has the tarball installed
 */
async function install(parent, tarball) {
  const path = join(parent, 'consumer');
  await mkdir(path);
  await writeFile(join(path, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball];
  await run('npm', args, { cwd: path, timeout: TIMEOUT });
  return path;
}

runCases(SUITE, TIMEOUT, [
  ['the package has what it promises', hasItsFiles],
  ['the package has no tests and no tools of its own', hasNoOthers],
  ['the package depends on nothing', dependsOnNothing],
  ["the README's example runs in Node", runsTheReadme],
  ['a bundler for browsers takes the package', bundles],
  ['the README says what the package weighs', weighs],
  ['each row of docs/death.md names a conformance case', namesCases],
]);

after(() => rm(folder, { recursive: true, force: true }));

async function hasItsFiles() {
  const { exports: entries } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const entryFiles = Object.values(entries)
    .flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))
    .map((path) => path.slice(2));
  for (const path of [...entryFiles, 'core/include/sluice/sluice.h', 'core/exports.txt', 'LICENSE'])
    assert.ok(paths.includes(path), `${path} is in the package`);
  assert.ok(
    paths.some((path) => /^core\/src\/\w+\.c$/.test(path)),
    'the C sources are in the package',
  );
}

async function hasNoOthers() {
  const others = /(^|\/)(tests?|scripts|examples|build|node_modules|\.ci)\/|\.test\.js$/;
  assert.deepEqual(
    paths.filter((path) => others.test(path)),
    [],
  );
}

async function dependsOnNothing() {
  const path = join(consumer, 'node_modules/sluice/package.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
    assert.equal(manifest[kind], undefined, kind);
}

/**
 * The code blocks whose first line is a comment with a file name; the first for each name.
 * @param {string} markdown
 */
function namedBlocks(markdown) {
  /** @type {Map<string, string>} */
  const blocks = new Map();
  for (const [, name, code] of markdown.matchAll(/^```js\n\/\/ (\S+\.mjs)\n(.*?)^```$/gms))
    if (!blocks.has(name)) blocks.set(name, code);
  return blocks;
}

async function runsTheReadme() {
  const blocks = namedBlocks(await readFile(join(root, 'README.md'), 'utf8'));
  assert.ok(blocks.has('main.mjs'), "README.md has a ```js block that starts with '// main.mjs'");
  for (const [name, code] of blocks) await writeFile(join(consumer, name), code);
  const { stdout, stderr } = await run('node', ['main.mjs'], {
    cwd: consumer,
    timeout: TIMEOUT / 2,
  });
  assert.notEqual(stdout.trim(), '', `the example prints something; on stderr: ${stderr}`);
}

async function bundles() {
  const { outputFiles, warnings } = await build({
    stdin: {
      contents: `
        import * as sluice from 'sluice';
        import * as loader from 'sluice/loader';
        import * as diagnose from 'sluice/diagnose';
        console.log(sluice, loader, diagnose);`,
      resolveDir: consumer,
    },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    logLevel: 'silent',
  });
  assert.deepEqual(warnings, []);
  const [{ text }] = outputFiles;
  assert.doesNotMatch(text, /from\s*['"](node:)?(worker_threads|fs)/, 'no import of Node');
}

async function namesCases() {
  const table = await readFile(join(root, 'docs/death.md'), 'utf8');
  const named = [...table.matchAll(/^\|.*\| `(.+)` \|$/gm)].map(([, name]) => name);
  const cases = new Set(suite.map(({ name }) => name));
  assert.ok(named.length > 25, `${named.length} rows`);
  assert.deepEqual(
    named.filter((name) => !cases.has(name)),
    [],
  );
}

async function weighs() {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const least = await keptOf(['create', 'spawn', 'channel']);
  const all = await keptOf(undefined);
  const wasm = await weigh('dist/core.wasm');
  const [loader, diagnose] = await Promise.all(['dist/loader.js', 'dist/diagnose.js'].map(weigh));
  /** @param {number} bytes */
  const under = (bytes) => `nder ${Math.ceil(bytes / 1000)} KB`;
  for (const phrase of [
    `${under(least.start)} of JavaScript at start`,
    `${under(all.start + all.later)} with everything`,
    `${under(wasm.brotli)} of WebAssembly`,
    `\`sluice/loader\` is u${under(loader.brotli)}`,
    `\`sluice/diagnose\` is u${under(diagnose.brotli)}`,
  ])
    assert.ok(readme.replaceAll('\n', ' ').includes(phrase), `the README should say: ${phrase}`);
}
