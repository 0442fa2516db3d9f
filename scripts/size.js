// Prints what each published file weighs, raw and as brotli sends it. The bundles are measured as a
// user's bundler would ship them, minified.
import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import { transform } from 'esbuild';

const FILES = ['dist/sluice.js', 'dist/sluice.node.js', 'dist/core.wasm'];

/** @param {string} file */
async function weigh(file) {
  const raw = await readFile(file);
  const shipped = file.endsWith('.js')
    ? Buffer.from((await transform(raw.toString(), { minify: true })).code)
    : raw;
  return [file, raw.length, shipped.length, brotliCompressSync(shipped).length];
}

const rows = await Promise.all(FILES.map(weigh));
const table = [['file', 'raw', 'minified', 'brotli'], ...rows];
for (const [file, ...numbers] of table) {
  console.log(
    [String(file).padEnd(22), ...numbers.map((number) => String(number).padStart(9))].join(''),
  );
}
