// What a published file weighs: raw, minified as a user's bundler ships it, and as brotli sends that.
import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import { transform } from 'esbuild';

const root = new URL('../', import.meta.url);

/** @param {string} file from the root of the repository */
export async function weigh(file) {
  const raw = await readFile(new URL(file, root));
  const shipped = file.endsWith('.js')
    ? Buffer.from((await transform(raw.toString(), { minify: true, format: 'esm' })).code)
    : raw;
  return {
    file,
    raw: raw.length,
    minified: shipped.length,
    brotli: brotliCompressSync(shipped).length,
  };
}
