// Two HTTP servers over the repository: one whose pages are cross-origin isolated, one without.
// Run by itself it listens on PORT_ISOLATED and PORT_PLAIN until it is stopped.
import { realpathSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultRoutes } from './faults.js';

/** @typedef {import('node:http').Server} Server */
/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {{ isolated: number, plain: number }} Ports 0 for any free one */
/** @typedef {{ isolated: string, plain: string, close: () => Promise<void> }} Servers addresses without a slash at the end */

const root = realpathSync(fileURLToPath(new URL('../', import.meta.url))) + sep;

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const uncached = { 'cache-control': 'no-store' };
// A page loads every module of the suite, for each file of cases: they do not change while it runs.
const cached = { 'cache-control': 'max-age=3600' };

const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

// Files that read differently here than on disk. The conformance tests import the package by its
// name in Node; a worker in a browser has no import map, so there they import the bundle.
/** @type {Record<string, string>} */
const replaced = {
  '/tests/conformance/sdk.js': "export * from '/dist/sluice.js';\n",
  '/tests/conformance/diagnose-entry.js': "export * from '/dist/diagnose.js';\n",
  '/tests/conformance/loader-entry.js': "export * from '/dist/loader.js';\n",
};

// All that there is, without the files of one name: what a page says when one of its own is missing.
const withoutFile = /^\/without\/([^/]+)(?=\/)/;

// A service worker serves its own folder only, and each test of one has the folder to itself: an engine
// may end a registration later than it says, and the next one of the same folder with it.
const isolationFolder = /^\/tests\/isolation-\w+\//;
/** @type {Record<string, string>} */
const copies = {
  '/tests/isolation/coi.js': '/dist/coi.js',
  '/tests/isolation/elsewhere/coi.js': '/dist/coi.js',
};

/** For pages of a service worker's. @type {Record<string, string>} */
const moved = { '/tests/isolation/moved.html': 'page.html' };
/** Nothing comes of it: whoever goes there stays where they are. */
const NO_CONTENT = '/tests/isolation/nothing.html';

/**
 * The real path of a file that may be served, or undefined: nothing outside the repository, nothing
 * hidden.
 * @param {string} pathname decoded
 */
async function servedFile(pathname) {
  if (pathname.includes('\0') || pathname.includes('/.')) return undefined;
  const path = await realpath(root + pathname.slice(1)).catch(() => undefined);
  return path?.startsWith(root) ? path : undefined;
}

/** @param {string} path */
const contentType = (path) => types[extname(path)] ?? 'application/octet-stream';

/** @param {string} pathname */
async function readServed(pathname) {
  if (pathname in replaced) return Buffer.from(replaced[pathname]);
  const missing = withoutFile.exec(pathname)?.[1];
  if (missing && basename(pathname) === missing) return undefined;
  const name = pathname.replace(withoutFile, '').replace(isolationFolder, '/tests/isolation/');
  const path = await servedFile(copies[name] ?? name);
  return path === undefined ? undefined : readFile(path).catch(() => undefined);
}

/**
 * @param {ServerResponse} response
 * @param {string} pathname
 */
async function answerFile(response, pathname) {
  const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
  const ofAll = name.replace(isolationFolder, '/tests/isolation/');
  if (ofAll === NO_CONTENT) {
    response.writeHead(204).end();
    return;
  }
  const location = moved[ofAll];
  if (location) {
    response.writeHead(302, { location }).end();
    return;
  }
  const body = await readServed(name);
  if (body === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`no file ${name}\n`);
    return;
  }
  response.writeHead(200, {
    ...cached,
    'content-type': contentType(name),
    'content-length': body.length,
  });
  response.end(body);
}

/** @param {Record<string, string>} headers sent with every answer */
function handler(headers) {
  const faults = faultRoutes();
  /** @type {(request: IncomingMessage, response: ServerResponse) => Promise<void>} */
  return async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const fault = faults[url.pathname];
      await (fault ? fault(response, url) : answerFile(response, decodeURIComponent(url.pathname)));
    } catch (error) {
      response.writeHead(error instanceof URIError ? 400 : 500, { 'content-type': 'text/plain' });
      response.end(`${error}\n`);
    }
  };
}

/**
 * @param {Record<string, string>} headers
 * @param {number} port
 * @returns {Promise<Server>} once it listens
 */
function listen(headers, port) {
  return new Promise((resolve, reject) => {
    const server = createServer(handler(headers));
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** @param {Server} server */
function address(server) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/** @param {Server} server */
function close(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

/**
 * Serves the repository on 127.0.0.1, isolated and not.
 * @param {{ ports?: Ports }} [options] default: any free ports
 * @returns {Promise<Servers>} rejects with EADDRINUSE when a port is taken
 */
export async function startServers({ ports = { isolated: 0, plain: 0 } } = {}) {
  const isolated = await listen({ ...uncached, ...isolation }, ports.isolated);
  const plain = await listen(uncached, ports.plain).catch(async (error) => {
    await close(isolated);
    throw error;
  });
  return {
    isolated: address(isolated),
    plain: address(plain),
    close: async () => void (await Promise.all([close(isolated), close(plain)])),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ports = {
    isolated: Number(process.env.PORT_ISOLATED ?? 0),
    plain: Number(process.env.PORT_PLAIN ?? 0),
  };
  const servers = await startServers({ ports });
  console.log(`isolated:     ${servers.isolated}\nnot isolated: ${servers.plain}`);
}
