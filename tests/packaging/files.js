// A server of plain files, as a host has them.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

export const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** @type {Record<string, string>} */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * @typedef {{
 *   folders: string[], headers?: Record<string, string>, replace?: Record<string, string>,
 * }} Files `folders`: a file is in the first that has it; `replace`: in texts, for addresses that
 *   nobody knew when they were written
 * @typedef {{address: string, missing: string[], close(): Promise<void>}} Served `address` without a
 *   slash at its end; `missing`: names of files that were asked for and are not there
 *
 * @param {Files} files
 * @returns {Promise<Served>}
 */
export async function serveFiles({ folders, headers = {}, replace = {} }) {
  /** @type {string[]} */
  const missing = [];

  /** @param {string} path */
  async function find(path) {
    for (const folder of folders) {
      const body = await readFile(join(folder, path)).catch(() => undefined);
      if (body) return body;
    }
    return undefined;
  }

  /** @param {Buffer} body @param {string} path */
  function replaced(body, path) {
    if (!/\.(js|html)$/.test(path)) return body;
    return Object.entries(replace).reduce((text, pair) => text.replaceAll(...pair), `${body}`);
  }

  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://127.0.0.1');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const body = await find(path);
    if (!body) missing.push(path.slice(path.lastIndexOf('/') + 1));
    response.writeHead(body ? 200 : 404, {
      ...headers,
      'cache-control': 'no-store',
      'content-type': types[extname(path)] ?? 'application/octet-stream',
    });
    response.end(body && replaced(body, path));
  });
  const port = await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    });
  });
  return {
    address: `http://127.0.0.1:${port}`,
    missing,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
