/**
 * Bundles the page and its workers into dist/examples/cities/, a file each: a worker in a browser has
 * no import map, so it cannot import 'sluice' by name. The SDK looks for core.wasm beside its file.
 */

import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('./', import.meta.url);
const out = new URL('../../dist/examples/cities/', here);

await mkdir(out, { recursive: true });
await Promise.all([
  build({
    entryPoints: ['page.js', 'source.worker.js', 'sink.worker.js'].map((name) =>
      fileURLToPath(new URL(name, here)),
    ),
    outdir: fileURLToPath(out),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
  }),
  copyFile(new URL('../../dist/core.wasm', here), new URL('core.wasm', out)),
]);
