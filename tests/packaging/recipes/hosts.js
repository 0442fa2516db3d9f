// Hosts that cannot be started here: a server that reads their files of rules as they do.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

/** @typedef {import('./process.js').Server} Server */
/** @typedef {{ pattern: RegExp, headers: [name: string, value: string][] }} Rule */
/** @typedef {(path: string) => Record<string, string>} HeadersFor by lower-case names */

/**
 * `_headers` of Netlify and Cloudflare: a path, and below it, indented, what is sent with it. What
 * several rules say of one header is joined by commas.
 *
 * @param {string} text
 * @returns {HeadersFor}
 */
export function headersFile(text) {
  /** @type {Rule[]} */
  const rules = [];
  for (const line of text.split('\n')) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const [, name, value] = /^([\w-]+):\s*(\S.*)$/.exec(content) ?? [];
    if (line.startsWith('/')) rules.push({ pattern: patternOf(content), headers: [] });
    else if (/^\s/.test(line) && name && rules.length > 0)
      rules.at(-1)?.headers.push([name, value]);
    else throw new Error(`_headers: neither a path nor a header: '${line}'`);
  }
  return headersBy(rules, (before, value) => (before ? `${before}, ${value}` : value));
}

/** `*` is any text and `:name` one part of the path. @param {string} path */
const patternOf = (path) =>
  new RegExp(
    `^${path
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replace(/:\w+/g, '[^/]+')}$`,
  );

/**
 * `vercel.json`. Of what several rules say of one header the last holds.
 *
 * @param {string} text
 * @returns {HeadersFor}
 */
export function vercelFile(text) {
  const { headers: rules } = JSON.parse(text);
  return headersBy(
    rules.map((/** @type {any} */ { source, headers }) => {
      if (!/^\/[\w/.()*-]*$/.test(source)) throw new Error(`vercel.json: not read here: ${source}`);
      const pairs = headers.map((/** @type {any} */ { key, value }) => [key, value]);
      return { pattern: new RegExp(`^${source}$`), headers: pairs };
    }),
    (_, value) => value,
  );
}

/**
 * @param {Rule[]} rules
 * @param {(before: string | undefined, value: string) => string} combined
 * @returns {HeadersFor}
 */
const headersBy = (rules, combined) => (path) => {
  /** @type {Record<string, string>} */
  const found = {};
  for (const { pattern, headers } of rules) {
    if (!pattern.test(path)) continue;
    for (const [name, value] of headers) {
      const key = name.toLowerCase();
      found[key] = combined(found[key], value);
    }
  }
  return found;
};

/** @type {Record<string, string>} */
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/**
 * @param {string} site
 * @param {HeadersFor} headersFor
 * @returns {Promise<Server>}
 */
export function serveHost(site, headersFor) {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    for (const [name, value] of Object.entries(headersFor(pathname)))
      response.setHeader(name, value);
    const path = join(site, pathname.replace(/\/$/, '/index.html'));
    const body = await readFile(path).catch(() => undefined);
    if (body) response.setHeader('content-type', types[extname(path)] ?? 'text/plain');
    response.writeHead(body ? 200 : 404).end(body);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      const close = () =>
        new Promise((/** @type {(value: void) => void} */ done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ address: `http://127.0.0.1:${port}`, close });
    });
  });
}
