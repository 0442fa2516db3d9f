// What a page can be served instead of the script or wasm module it asked for.
// Each fault is one route under /faults/; the worker scripts among them are files that Node uses too.
import { readFile } from 'node:fs/promises';
import { moduleRoutes } from './module-routes.js';

/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {(response: ServerResponse, url: URL) => void | Promise<void>} Route */

const root = new URL('../', import.meta.url);

const readCore = () => readFile(new URL('dist/core.wasm', root));

/** @param {string} name */
const readScript = (name) => readFile(new URL(`tests/conformance/faults/${name}`, root));

/** @type {(response: ServerResponse, status: number, type: string, body: string | Buffer) => void} */
function answer(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** @type {(name: string) => Route} */
const script = (name) => async (response) =>
  answer(response, 200, 'text/javascript', await readScript(name));

/** @type {Route} */
const missing = (response) => answer(response, 404, 'text/plain', 'not found\n');

// The connection stays open without a byte: a request that only a deadline of its own can end.
/** @type {Route} */
const stalled = () => {};

/**
 * The fault routes of one server; each server counts for itself.
 * @returns {Record<string, Route>} by path
 */
export function faultRoutes() {
  /** @type {Map<string, number>} requests of counted.wasm by its key, '' for none */
  const counts = new Map();

  /** @type {Route} */
  const counted = async (response, url) => {
    const key = url.searchParams.get('key') ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
    answer(response, 200, 'application/wasm', await readCore());
  };

  /** @type {Route} */
  const firstFails = async (response, url) => {
    const key = `first-fails ${url.searchParams.get('key')}`;
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    if (before === 0) answer(response, 503, 'text/plain', 'not now\n');
    else answer(response, 200, 'application/wasm', await readCore());
  };

  /** @type {Route} */
  const count = (response, url) => {
    const key = url.searchParams.get('key');
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
    const of = key === null ? total : (counts.get(key) ?? 0);
    answer(response, 200, 'application/json', JSON.stringify({ count: of }));
  };

  return {
    '/faults/404.js': missing,
    '/faults/syntax.js': script('syntax.js'),
    '/faults/throws.js': script('throws.js'),
    '/faults/silent.js': script('silent.js'),
    '/faults/stalled.js': stalled,
    '/faults/wrong-type.js': async (response) =>
      answer(response, 200, 'text/plain', await readScript('silent.js')),
    '/faults/no-coep.js': async (response, url) => {
      response.removeHeader('cross-origin-embedder-policy');
      await script('no-coep.js')(response, url);
    },
    '/faults/framed.html': (response, url) => {
      response.setHeader('content-security-policy', url.searchParams.get('policy') ?? '');
      const script = '/tests/conformance/framed.js';
      answer(
        response,
        200,
        'text/html',
        `<!doctype html><script type=module src=${script}></script>`,
      );
    },
    '/faults/missing.wasm': missing,
    '/faults/stalled.wasm': stalled,
    '/faults/not-wasm.wasm': (response) =>
      answer(response, 200, 'application/wasm', 'this is not a wasm module\n'),
    '/faults/html.wasm': (response) =>
      answer(response, 200, 'text/html', '<!doctype html><title>The app</title>\n'),
    '/faults/truncated.wasm': async (response) => {
      const core = await readCore();
      answer(response, 200, 'application/wasm', core.subarray(0, core.length >> 1));
    },
    '/faults/core-octet-stream.wasm': async (response) =>
      answer(response, 200, 'application/octet-stream', await readCore()),
    '/faults/counted.wasm': counted,
    '/faults/first-fails.wasm': firstFails,
    '/faults/count': count,
    ...moduleRoutes(counts),
  };
}
