// What each object costs in core.wasm: the bodies and the exports of its functions.
//
// build/size/core.wasm is core.wasm with the names of its functions, which stand in the order in
// which their sources were linked. A brotli figure is what the file would weigh less without them.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { functions, readNumber, section } from '../tests/wasm-file.js';

const EXPORT = 7;
const FUNCTION_NAMES = 1;

/** What wasm-opt made of several that are alike stands behind all others, named after one. */
const SHARED = /^byn\$mgfn-shared\$/;

const root = new URL('../', import.meta.url);

/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root));

/** @param {string} folder @param {string} extension @returns {string[]} as make's wildcard sorts them */
const named = (folder, extension) =>
  readdirSync(new URL(folder, root))
    .filter((file) => file.endsWith(extension))
    .sort()
    .map((file) => basename(file, extension));

/** @param {Uint8Array} from @param {number} start */
function readName(from, start) {
  const { value: length, at } = readNumber(from, start);
  return { name: Buffer.from(from.subarray(at, at + length)).toString(), at: at + length };
}

/** The function names in the order of the functions. @param {BufferSource} bytes of a wasm file */
function functionNames(bytes) {
  const [custom] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'name');
  const part = new Uint8Array(custom);
  /** @type {string[]} */
  const names = [];
  for (let at = 0; at < part.length; ) {
    const size = readNumber(part, at + 1);
    if (part[at] === FUNCTION_NAMES) {
      let { value: left, at: next } = readNumber(part, size.at);
      for (; left > 0; left--) {
        const index = readNumber(part, next);
        const one = readName(part, index.at);
        names[index.value] = one.name;
        next = one.at;
      }
    }
    at = size.at + size.value;
  }
  return names;
}

/** Each exported name's bytes in the file. @param {Uint8Array} bytes */
function exportEntries(bytes) {
  const part = /** @type {Uint8Array} */ (section(bytes, EXPORT));
  /** @type {Map<string, Uint8Array>} */
  const entries = new Map();
  let { value: left, at } = readNumber(part, 0);
  for (; left > 0; left--) {
    const one = readName(part, at);
    const end = readNumber(part, one.at + 1).at;
    entries.set(one.name, part.subarray(at, end));
    at = end;
  }
  return entries;
}

/** The functions that each source defines. @param {string[]} sources */
function symbolsOf(sources) {
  const files = sources.map((source) => `build/wasm/${source}.o`);
  const lines = execFileSync('emnm', ['-A', '--defined-only', ...files], {
    cwd: root,
    stdio: 'pipe',
  })
    .toString()
    .split('\n');
  return sources.map((source) => {
    const start = `build/wasm/${source}.o:`;
    return new Set(
      lines.filter((line) => line.startsWith(start)).map((line) => line.split(' ').pop()),
    );
  });
}

/**
 * @param {Uint8Array} bytes
 * @param {Uint8Array[]} parts of `bytes`
 * @returns {Buffer} what is left without them
 */
function without(bytes, parts) {
  const keep = new Uint8Array(bytes.length).fill(1);
  for (const part of parts) {
    keep.fill(
      0,
      part.byteOffset - bytes.byteOffset,
      part.byteOffset - bytes.byteOffset + part.length,
    );
  }
  return Buffer.from(bytes.filter((_, at) => keep[at] === 1));
}

/** @returns {{name: string, raw: number, brotli: number}[]} the largest first */
export function weighObjects() {
  const bytes = read('dist/core.wasm');
  const bodies = functions(bytes);
  const names = functionNames(read('build/size/core.wasm'));
  if (names.length !== bodies.length) {
    throw new Error('build/size/core.wasm is not dist/core.wasm with names: make size builds both');
  }
  const sources = named('core/src', '.c');
  const headers = named('core/include/sluice', '.h').sort((a, b) => b.length - a.length);
  const symbols = symbolsOf(sources);
  const exported = exportEntries(bytes);
  /** @type {Map<string, Uint8Array[]>} */
  const objects = new Map();
  let current = 0;
  for (const [index, given] of names.entries()) {
    const name = given.replace(SHARED, '').replace(/\.\d+$/, ''); // the linker's, for a second one
    const shared = SHARED.test(given);
    const found = symbols.findIndex((set, at) => (shared || at >= current) && set.has(name));
    if (found >= 0 && !shared) current = found;
    const source = found < 0 ? "the toolchain's" : sources[found];
    const object = headers.find((header) => `${source}_`.startsWith(`${header}_`)) ?? source;
    const parts = objects.get(object) ?? [];
    parts.push(bodies[index]);
    const entry = exported.get(name);
    if (entry) parts.push(entry);
    objects.set(object, parts);
  }
  const whole = brotliCompressSync(bytes).length;
  return [...objects]
    .map(([name, parts]) => ({
      name,
      raw: parts.reduce((sum, part) => sum + part.length, 0),
      brotli: whole - brotliCompressSync(without(bytes, parts)).length,
    }))
    .sort((a, b) => b.raw - a.raw);
}
