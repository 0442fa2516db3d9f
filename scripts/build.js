/** Bundles loader/ and worker/ into dist/, beside core.wasm. */

import { copyFile, mkdir } from 'node:fs/promises';
import { build } from 'esbuild';

await mkdir('dist', { recursive: true });
/** @type {[string, string, 'browser' | 'node'][]} */
const bundles = [
  ['loader/index.js', 'dist/sluice.js', 'browser'],
  ['loader/index.js', 'dist/sluice.node.js', 'node'],
  ['worker/compute-worker.js', 'dist/compute-worker.js', 'browser'],
  ['worker/compute-worker.js', 'dist/compute-worker.node.js', 'node'],
];
await Promise.all([
  ...bundles.map(([entry, outfile, platform]) =>
    build({
      entryPoints: [entry],
      outfile,
      platform,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      sourcemap: true,
      logLevel: 'warning',
    }),
  ),
  copyFile('build/core.wasm', 'dist/core.wasm'),
]);
