/**
 * Compiled modules: one compilation for each URL, however many ask at once.
 *
 * @typedef {{module: WebAssembly.Module, memory?: import('./imports.js').MemoryImport, from: string}} Compiled
 *   `memory` is undefined where only a finished WebAssembly.Module was given: it does not tell
 */

import { read } from '#platform';
import { SluiceError } from './errors.js';
import { readMemoryImports } from './imports.js';

/** @type {Map<string, Promise<Compiled>>} */
const cache = new Map();

/**
 * @param {URL | string | Response | BufferSource | WebAssembly.Module} source
 * @returns {Promise<Compiled>}
 */
export async function compile(source) {
  if (source instanceof WebAssembly.Module) return { module: source, from: 'the given module' };
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return compileBytes(copyOf(source), 'the given bytes');
  }
  if (typeof Response !== 'undefined' && source instanceof Response) {
    return compileResponse(source, source.url || 'the given response');
  }
  return compileUrl(absolute(/** @type {URL | string} */ (source)));
}

/** @param {URL | string} url */
function absolute(url) {
  try {
    return new URL(url, /** @type {any} */ (globalThis).location?.href);
  } catch (cause) {
    throw new SluiceError('load', `${JSON.stringify(url)} is no URL here: give an absolute one`, {
      cause,
    });
  }
}

/** @param {URL} url */
function compileUrl(url) {
  const known = cache.get(url.href);
  if (known) return known;
  const compiling = fetchAndCompile(url);
  cache.set(url.href, compiling);
  compiling.catch(() => cache.delete(url.href)); // the next caller tries again
  return compiling;
}

/** @param {URL} url */
async function fetchAndCompile(url) {
  let response;
  try {
    response = await read(url);
  } catch (cause) {
    throw new SluiceError(
      'load',
      `${url.href} cannot be fetched (offline, another origin without CORS, or a CSP connect-src)`,
      { cause },
    );
  }
  return compileResponse(response, url.href);
}

/**
 * @param {Response} response
 * @param {string} from
 * @returns {Promise<Compiled>}
 */
async function compileResponse(response, from) {
  if (!response.ok) {
    throw new SluiceError('load', `${from}: ${response.status} ${response.statusText}`.trim());
  }
  const type = response.headers.get('content-type')?.trim().toLowerCase();
  // Engines stream under this type alone, without parameters; the bytes say what they are under any.
  if (type !== 'application/wasm' || !response.body) {
    return compileBytes(await bytesOf(response, from), from);
  }
  const head = readHead(response.clone(), from);
  try {
    const [module, memory] = await Promise.all([WebAssembly.compileStreaming(response), head]);
    return { module, memory, from };
  } catch (cause) {
    await head; // what it found says more: a web page, a 64-bit memory
    throw malformed(from, cause);
  }
}

/**
 * The memory import, from the first bytes of the body; the rest of this copy is not kept.
 *
 * @param {Response} response
 * @param {string} from
 */
async function readHead(response, from) {
  const body = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  let bytes = new Uint8Array(0);
  for (;;) {
    let chunk;
    try {
      chunk = await body.read();
    } catch (cause) {
      throw brokenOff(from, cause);
    }
    if (chunk.value) bytes = joined(bytes, chunk.value);
    const { done, memory } = named(from, () => readMemory(bytes));
    if (done || chunk.done) {
      body.cancel().catch(() => {});
      return memory;
    }
  }
}

/** The one memory that a space lives in. @param {Uint8Array} bytes */
function readMemory(bytes) {
  const { done, memories } = readMemoryImports(bytes);
  const [memory] = memories;
  if (memory?.wide || memories.length > 1) {
    throw new SluiceError('load', 'a space needs a module with one memory, and no 64-bit memory');
  }
  return { done, memory };
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} from
 * @returns {Promise<Compiled>}
 */
async function compileBytes(bytes, from) {
  const { memory } = named(from, () => readMemory(bytes));
  try {
    return { module: await WebAssembly.compile(bytes), memory, from };
  } catch (cause) {
    throw malformed(from, cause);
  }
}

/**
 * @param {Response} response
 * @param {string} from
 */
async function bytesOf(response, from) {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw brokenOff(from, cause);
  }
}

/**
 * Adds where the module came from to what is wrong with it.
 *
 * @template T
 * @param {string} from
 * @param {() => T} parse
 */
export function named(from, parse) {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new SluiceError(error.code, `${from}: ${error.message}`);
  }
}

/** @param {string} from @param {unknown} cause */
const malformed = (from, cause) =>
  new SluiceError(
    'load',
    `${from} does not compile: it is truncated, damaged or not wasm, or the CSP's script-src lacks 'wasm-unsafe-eval'`,
    { cause },
  );

/** @param {string} from @param {unknown} cause */
export const brokenOff = (from, cause) => new SluiceError('load', `${from} broke off`, { cause });

/** @param {BufferSource} source */
function copyOf(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return new Uint8Array(bytes);
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function joined(a, b) {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
