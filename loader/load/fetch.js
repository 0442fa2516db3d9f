/**
 * From a URL to a compiled module: streamed, counted, its integrity checked first, and with a copy on
 * disk where that was asked for.
 *
 * @typedef {{module: WebAssembly.Module, memories: import('../imports.js').MemoryImport[], from: string}} Compiled
 * @typedef {(loaded: number, total?: number) => void} Progress
 * @typedef {import('./request.js').Request} Request
 */

import { read } from '#platform';
import { SluiceError } from '../errors.js';
import { readMemoryImports } from '../imports.js';
import { brokenOff, joined, named } from '../module.js';
import { openDisk } from './disk.js';
import { canHash, checkIntegrity } from './integrity.js';
import { compileError, unreachable } from './reasons.js';

/**
 * @param {Request} request
 * @param {AbortSignal} signal
 * @param {Progress} progress
 * @returns {Promise<import('./modules.js').Found>}
 */
export async function fetchModule(request, signal, progress) {
  const disk = request.cache === 'disk' ? await openDisk() : undefined;
  if (disk) return throughDisk(disk, request, signal, progress);
  const response = await fetchResponse(request, { signal });
  return { compiled: await compile(response, request, progress), cached: 'no' };
}

/**
 * What integrity vouches for need not be asked for again; everything else is, by its ETag. The copy
 * also serves when the server cannot be reached.
 *
 * @param {import('./disk.js').Disk} disk
 * @param {Request} request
 * @param {AbortSignal} signal
 * @param {Progress} progress
 * @returns {Promise<import('./modules.js').Found>}
 */
async function throughDisk(disk, request, signal, progress) {
  const { href, origin } = request.url;
  let stored = await disk.find(href);
  /** @param {Response} response @returns {Promise<import('./modules.js').Found>} */
  const fromDisk = async (response) => ({
    compiled: await compile(response, request, progress),
    cached: 'disk',
  });
  if (stored && request.hashes && canHash()) {
    const found = await fromDisk(stored.clone()).catch(() => undefined);
    if (found) return found;
  }
  // Another origin would have to allow the header, by one more request: there the browser asks alone.
  const etag = origin === globalThis.location?.origin ? stored?.headers.get('etag') : undefined;
  let response;
  try {
    response = await fetchResponse(
      request,
      etag ? { signal, headers: { 'if-none-match': etag } } : { signal, cache: 'no-cache' },
    );
    if (response.status === 304 && stored) {
      const found = await fromDisk(stored).catch(() => undefined);
      if (found) return found;
      stored = undefined; // damaged
      response = await fetchResponse(request, { signal, cache: 'reload' });
    }
  } catch (error) {
    if (stored && !signal.aborted) return fromDisk(stored);
    throw error;
  }
  const copy = response.clone();
  const compiled = await compile(response, request, progress);
  disk.keep(href, copy);
  return { compiled, cached: 'no' };
}

/** @param {Request} request @param {RequestInit} init */
async function fetchResponse({ url, integrity }, init) {
  try {
    // The fetch checks the integrity where nothing else can: but then it cannot say so.
    return await read(url, integrity && !canHash() ? { ...init, integrity } : init);
  } catch (cause) {
    throw unreachable(integrity ? `${url.href} (integrity ${integrity})` : url.href, cause);
  }
}

/**
 * @param {Response} response
 * @param {Request} request
 * @param {Progress} progress
 * @returns {Promise<Compiled>}
 */
async function compile(response, { url, hashes }, progress) {
  const from = url.href;
  if (!response.ok) {
    throw new SluiceError('load', `${from}: ${response.status} ${response.statusText}`.trim());
  }
  if (response.redirected && !hashes && new URL(response.url).origin !== url.origin) {
    throw new SluiceError(
      'load',
      `${from} redirects to another origin, ${response.url}: ask for that, or say by integrity what has to come`,
    );
  }
  if (hashes) {
    await checkIntegrity(await readAll(response.clone(), from, progress), hashes, from);
    progress = () => {};
  }
  // Engines stream under this type alone, without parameters; the bytes say what they are under any.
  const type = response.headers.get('content-type')?.trim().toLowerCase();
  return type === 'application/wasm' &&
    response.body &&
    'compileStreaming' in (globalThis.WebAssembly ?? {})
    ? compileStream(response, from, progress)
    : compileBytes(await readAll(response, from, progress), from);
}

/**
 * @param {Response} response
 * @param {string} from
 * @param {Progress} progress
 * @returns {Promise<Compiled>}
 */
async function compileStream(response, from, progress) {
  let bytes = new Uint8Array(0);
  /** @type {ReturnType<typeof readMemoryImports>} */
  let head = { done: false, memories: [] };
  // The engine gets the response itself: its cache of compiled code goes by the response's URL.
  const counted = eachChunk(response.clone(), from, progress, (chunk) => {
    if (head.done) return;
    bytes = joined(bytes, chunk);
    head = named(from, () => readMemoryImports(bytes));
  });
  try {
    const [module] = await Promise.all([WebAssembly.compileStreaming(response), counted]);
    return { module, memories: head.memories, from };
  } catch (cause) {
    await counted; // what it found says more: a web page, a connection that broke
    throw compileError(from, cause, head.memories);
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} from
 * @returns {Promise<Compiled>}
 */
async function compileBytes(bytes, from) {
  const { memories } = named(from, () => readMemoryImports(bytes));
  try {
    return { module: await WebAssembly.compile(bytes), memories, from };
  } catch (cause) {
    throw compileError(from, cause, memories);
  }
}

/**
 * @param {Response} response
 * @param {string} from
 * @param {Progress} progress
 */
async function readAll(response, from, progress) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  await eachChunk(response, from, progress, (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * @param {Response} response
 * @param {string} from
 * @param {Progress} progress
 * @param {(chunk: Uint8Array) => void} use what it throws ends the reading
 */
async function eachChunk(response, from, progress, use) {
  const { body, headers } = response;
  if (!body) return;
  // Of a compressed body it is the compressed length.
  const length = headers.has('content-encoding') ? null : headers.get('content-length');
  const total = length ? Number(length) : undefined;
  const reader = body.getReader();
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw brokenOff(from, cause);
    });
    if (done) break;
    loaded += value.length;
    use(value);
    progress(loaded, total !== undefined && loaded <= total ? total : undefined);
  }
}
