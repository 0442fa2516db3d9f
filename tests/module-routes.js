// A wasm module as a case wants it answered: its query says with which bytes, headers and faults.
//   of=bytes in hex, or file=of the repository; else dist/core.wasm
//   type=content type; etag=entity tag, and 304 to whoever has it; cors=1 for other origins
//   age=seconds that browsers may keep it; gzip=1 compresses it
//   to=address to redirect to; broken=1 ends the connection in the middle
//   key=name for /faults/count, which counts answers, and 304s as "key 304"; also for
//   /faults/down?key= (from then on no answer, as if offline) and paced=1: the second half comes when
//   /faults/go?key= is asked for
//   rate=bytes a second, and latency=milliseconds before any answer: as over a network, for benchmarks
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** @typedef {import('./faults.js').Route} Route */

const root = fileURLToPath(new URL('../', import.meta.url));

/** @param {URLSearchParams} query */
async function bytesOf(query) {
  const hex = query.get('of');
  if (hex !== null) return Buffer.from(hex, 'hex');
  const path = join(root, query.get('file') ?? 'dist/core.wasm');
  if (!path.startsWith(root)) throw new Error(`${path} is not in the repository`);
  return readFile(path);
}

const TICK = 10;

/**
 * @param {import('node:http').ServerResponse} response
 * @param {Buffer} bytes
 * @param {number} rate bytes a second
 */
async function trickle(response, bytes, rate) {
  const began = performance.now();
  for (let sent = 0; sent < bytes.length; ) {
    await sleep(TICK);
    const due = Math.min(bytes.length, Math.ceil(((performance.now() - began) / 1000) * rate));
    response.write(bytes.subarray(sent, due));
    sent = due;
  }
  response.end();
}

/**
 * @param {Map<string, number>} counts answers by key
 * @returns {Record<string, Route>}
 */
export function moduleRoutes(counts) {
  /** @type {Set<string>} */
  const down = new Set();
  /** @type {Map<string, () => void>} */
  const paused = new Map();

  /** @param {string} key */
  const count = (key) => counts.set(key, (counts.get(key) ?? 0) + 1);

  /** @type {Route} */
  const module = async (response, { searchParams: query }) => {
    const key = query.get('key') ?? '';
    const etag = query.get('etag');
    if (down.has(key)) {
      response.destroy();
      return;
    }
    if (query.has('latency')) await sleep(Number(query.get('latency')));
    if (query.has('cors')) response.setHeader('access-control-allow-origin', '*');
    if (query.has('age')) response.setHeader('cache-control', `max-age=${query.get('age')}`);
    if (query.has('gzip')) response.setHeader('content-encoding', 'gzip');
    if (etag !== null) response.setHeader('etag', `"${etag}"`);
    if (etag !== null && response.req.headers['if-none-match'] === `"${etag}"`) {
      count(`${key} 304`);
      response.writeHead(304).end();
      return;
    }
    count(key);
    if (query.has('to')) {
      response.writeHead(302, { location: String(query.get('to')) }).end();
      return;
    }
    const plain = await bytesOf(query);
    const bytes = query.has('gzip') ? gzipSync(plain) : plain;
    const half = bytes.subarray(0, bytes.length >> 1);
    response.writeHead(200, {
      'content-type': query.get('type') ?? 'application/wasm',
      'content-length': bytes.length,
    });
    if (query.has('broken')) response.write(half, () => response.destroy());
    else if (query.has('paced')) {
      paused.set(key, () => response.end(bytes.subarray(half.length)));
      response.write(half);
    } else if (query.has('rate')) await trickle(response, bytes, Number(query.get('rate')));
    else response.end(bytes);
  };

  /** @param {import('node:http').ServerResponse} response */
  const done = (response) => void response.writeHead(204).end();

  return {
    '/faults/module.wasm': module,
    '/faults/down': (response, url) => {
      down.add(url.searchParams.get('key') ?? '');
      done(response);
    },
    '/faults/go': (response, url) => {
      paused.get(url.searchParams.get('key') ?? '')?.();
      done(response);
    },
  };
}
