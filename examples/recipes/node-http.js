// Node: node node-http.js [folder] [port] [host]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';

const [folder = 'dist', port = '8080', host = '127.0.0.1'] = process.argv.slice(2);
const root = resolve(folder) + sep;

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Document-Isolation-Policy': 'isolate-and-require-corp',
};

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const server = createServer(async ({ url = '/' }, response) => {
  // Of every response: pages, workers' scripts, and errors.
  for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
  try {
    const { pathname } = new URL(url, 'http://localhost');
    const path = join(root, decodeURIComponent(pathname).replace(/\/$/, '/index.html'));
    if (!path.startsWith(root) || !(await stat(path)).isFile()) throw new Error('no such file');
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
    createReadStream(path).pipe(response);
  } catch {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
  }
});

server.listen(Number(port), host, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`http://${host}:${port}/`);
});
