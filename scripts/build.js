/**
 * Bundles loader/ and worker/ into dist/, beside core.wasm.
 *
 * The entry "sluice" is several files: what only one transport or kind of module needs is loaded by
 * who needs it, and what a page does not keep stands in other files than what it does, because
 * bundlers divide a package by its files. A worker of the package's own is one file, and so is coi.js.
 * inlined-*.js hold copies of files that some bundlers lose, for all others to import; the entry
 * "sluice/inline" is one file that holds them itself.
 */

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';
import { allInOne, inlinedStayFiles, inlines } from './inlined.js';

/**
 * Not published: they divide the others. Through the second the entry itself has nothing but
 * re-exports, which bundlers follow one by one.
 */
const dividers = { page: 'scripts/page.js', whole: 'scripts/whole.js' };

/** @type {{entries: Record<string, string>, platform: 'browser' | 'node', splitting: boolean}[]} */
const bundles = [
  {
    entries: { sluice: 'loader/index.js', ...dividers },
    platform: 'browser',
    splitting: true,
  },
  { entries: { 'sluice.node': 'loader/index.js' }, platform: 'node', splitting: true },
  { entries: { loader: 'loader/load/index.js' }, platform: 'browser', splitting: false },
  { entries: { 'loader.node': 'loader/load/index.js' }, platform: 'node', splitting: false },
  {
    entries: {
      diagnose: 'loader/diagnose/index.js',
      'diagnose-worker': 'loader/diagnose/worker.js',
    },
    platform: 'browser',
    splitting: false,
  },
  {
    entries: { 'diagnose.node': 'loader/diagnose/index.js' },
    platform: 'node',
    splitting: false,
  },
  { entries: { vite: 'loader/vite.js' }, platform: 'node', splitting: false },
  {
    entries: { 'compute-worker': 'worker/compute-worker.js' },
    platform: 'browser',
    splitting: false,
  },
  {
    entries: { 'compute-worker.node': 'worker/compute-worker.js' },
    platform: 'node',
    splitting: false,
  },
];

const target = 'es2022';
await mkdir('dist', { recursive: true });
/** @type {{metafile: import('esbuild').Metafile}[]} */
const results = await Promise.all(
  bundles.map(({ entries, platform, splitting }) =>
    build({
      entryPoints: entries,
      outdir: 'dist',
      chunkNames: platform === 'node' ? 'part.node-[hash]' : 'part-[hash]',
      platform,
      splitting,
      metafile: true,
      bundle: true,
      format: 'esm',
      target,
      // Puts constants where they are used, which a user's bundler can no more.
      minifySyntax: true,
      sourcemap: true,
      logLevel: 'warning',
      plugins: [inlinedStayFiles],
    }),
  ),
);
await copyFile('build/core.wasm', 'dist/core.wasm');

/** The files of whom a script has a copy, for bundlers that lose them. @type {Record<string, () => Promise<string>>} */
const inlined = {
  'core.wasm': () => readFile('dist/core.wasm', 'base64'),
  'compute-worker.js': async () => {
    const text = await readFile('dist/compute-worker.js', 'utf8');
    return (await transform(text, { minify: true, format: 'esm', target })).code;
  },
};
const inlining = inlines(inlined);
/** @satisfies {import('esbuild').BuildOptions} */
const common = /** @type {const} */ ({
  outdir: 'dist',
  metafile: true,
  bundle: true,
  format: 'esm',
  target,
});
results.push(
  await build({
    ...common,
    entryPoints: {
      'inlined-core': 'loader/inlined-core.js',
      'inlined-compute-worker': 'worker/inlined-compute-worker.js',
    },
    logLevel: 'warning',
    plugins: [inlining],
  }),
  await build({
    ...common,
    entryPoints: { inline: 'loader/index.js' },
    platform: 'browser',
    minifySyntax: true,
    logLevel: 'warning',
    plugins: [inlining, allInOne],
  }),
);

const outputs = results.flatMap(({ metafile }) => Object.keys(metafile.outputs));

// esbuild imports for their effects parts that have none, which its own users are warned of.
for (const file of outputs) {
  if (!file.endsWith('.js')) continue;
  const text = await readFile(file, 'utf8');
  // The lines stay, for the source maps.
  await writeFile(file, text.replace(/^import "\.\/part[^"]*";$/gm, ''));
}

// The names of parts change with what is in them: those of an earlier build go.
const made = new Set(outputs.map((path) => basename(path)));
for (const file of await readdir('dist')) {
  const old = /\.js(\.map)?$/.test(file) && !made.has(file);
  if (old || file.split('.')[0] in dividers) await rm(`dist/${file}`);
}

// A thread may have two copies of the package: the tests' second one.
await rm('build/second', { recursive: true, force: true });
await mkdir('build/second', { recursive: true });
for (const file of [...made, 'core.wasm']) {
  if (file.split('.')[0] in dividers || file.endsWith('.map')) continue;
  await copyFile(`dist/${file}`, `build/second/${file}`);
}

// Classic, for it is a service worker too, and small, for it is copied beside pages.
await build({
  entryPoints: ['loader/coi.js'],
  outdir: 'dist',
  target: 'es2022',
  minify: true,
  logLevel: 'warning',
});
