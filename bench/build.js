/**
 * What browsers load of this folder, which have no packages by name: the page's part over dist/, each worker
 * with all that it needs in one file. Node loads the sources.
 *
 *   node bench/build.js
 */

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { forBrowsers } from './browsers.js';

const here = fileURLToPath(new URL('./', import.meta.url));
const outdir = fileURLToPath(new URL('../build/bench/', import.meta.url));

/** @type {import('esbuild').Plugin} */
const overDist = {
  name: 'over dist',
  setup({ onResolve }) {
    onResolve({ filter: /^sluice(\/|$)/ }, ({ path }) => ({
      path: `../../dist/${path === 'sluice' ? 'sluice' : path.slice('sluice/'.length)}.js`,
      external: true,
    }));
  },
};

/** package.json says that no source here does anything when it is imported; this one does. @type {import('esbuild').Plugin} */
const withWindow = {
  name: 'with window',
  setup({ onResolve }) {
    onResolve({ filter: /poolifier-window\.js$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: true,
    }));
  },
};

const workers = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
  (path) => /(^|\W)(worker|\w+\.worker)\.js$/.test(path) && !/piscina|tinypool/.test(path),
);

/** @type {import('esbuild').BuildOptions} */
const shared = {
  absWorkingDir: here,
  outbase: here,
  outdir,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  ...forBrowsers,
  logLevel: 'warning',
};
await build({ ...shared, entryPoints: ['run-page.js', 'frame.js'], plugins: [overDist] });
await build({ ...shared, entryPoints: workers, plugins: [withWindow], minify: true });
