/** Bundles loader/ into dist/, beside core.wasm. */

import { copyFile, mkdir } from 'node:fs/promises';
import { build } from 'esbuild';

await mkdir('dist', { recursive: true });
/** @type {import('esbuild').BuildOptions} */
const common = {
  entryPoints: ['loader/index.js'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
};
await Promise.all([
  build({ ...common, platform: 'browser', outfile: 'dist/sluice.js' }),
  build({ ...common, platform: 'node', outfile: 'dist/sluice.node.js' }),
  copyFile('build/core.wasm', 'dist/core.wasm'),
]);
