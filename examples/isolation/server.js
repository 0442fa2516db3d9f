// Serves this example once under the headers of each variant: /isolated/, /nothing/ and so on.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { variantOf, variants } from './variants.js';

const here = new URL('./', import.meta.url);
const dist = new URL('../../dist/', import.meta.url);
const FILES = /^(index\.html|page\.js|variants\.js|worker\.js)$/;
const BUILT = /^sluice\/([\w.-]+\.js)$/;

/** @type {Record<string, string>} */
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };

/** @param {string} name below the variant @returns {URL | undefined} */
function fileOf(name) {
  const built = BUILT.exec(name);
  if (built) return new URL(built[1], dist);
  return FILES.test(name) ? new URL(name, here) : undefined;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer({ url = '/' }, response) {
  const { pathname } = new URL(url, 'http://127.0.0.1');
  const key = variantOf(pathname);
  if (!Object.hasOwn(variants, key)) {
    response.writeHead(302, { location: '/isolated/' }).end();
    return;
  }
  const name = pathname.slice(key.length + 2) || 'index.html';
  const file = fileOf(name);
  const body = file && (await readFile(file).catch(() => undefined));
  if (!body) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`no file ${name}\n`);
    return;
  }
  const { headers, worker = headers } = variants[key];
  response.writeHead(200, {
    'content-type': types[extname(name)],
    'cache-control': 'no-store',
    ...(name === 'worker.js' ? worker : headers),
  });
  // In place of a bundler: a browser does not know packages by their names.
  response.end(
    name === 'page.js'
      ? body.toString().replace("'sluice/diagnose'", "'./sluice/diagnose.js'")
      : body,
  );
}

/**
 * @param {number} [port] any free one by default
 * @returns {Promise<{address: string, close(): Promise<void>}>} `address` without a slash at its end
 */
export function serveVariants(port = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer(answer);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      resolve({
        address: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}
