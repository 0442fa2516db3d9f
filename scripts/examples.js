/**
 * Bundles the examples that have a page into dist/examples/, each into a folder of its name: page.js, its
 * workers and its worklets, a file each, since neither workers nor worklets have an import map; and what
 * tests/ has in a folder of that name for browsers, its cases and their workers. The SDK looks for core.wasm
 * beside its file. `node scripts/examples.js cities` bundles one of them.
 */

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The others are not bundled, or build themselves. */
const EXAMPLES = ['audio', 'cities', 'darkswap', 'shared-state'];
const ENTRY = /^(\w+-)?(page|cases)\.js$|\.(worker|worklet)\.js$/;

/** @param {string} folder may be missing */
async function entriesOf(folder) {
  const names = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  return names.filter((name) => ENTRY.test(basename(name))).map((name) => join(folder, name));
}

/** @param {string} example */
async function bundle(example) {
  const to = join(root, 'dist/examples', example);
  const entries = await Promise.all(
    ['examples', 'tests'].map((parent) => entriesOf(join(root, parent, example))),
  );
  await mkdir(to, { recursive: true });
  await build({
    entryPoints: Object.fromEntries(entries.flat().map((path) => [basename(path, '.js'), path])),
    outdir: to,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
  });
  await copyFile(join(root, 'dist/core.wasm'), join(to, 'core.wasm'));
}

const asked = process.argv.slice(2);
await Promise.all((asked.length > 0 ? asked : EXAMPLES).map(bundle));
