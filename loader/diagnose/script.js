/** What is wrong with the response that a worker's script comes in. */

import { header, named, responseOf } from './responses.js';

/** @typedef {import('./index.js').Problem} Problem */

const SCRIPT = /^(text|application)\/(x-)?(java|ecma)script$/;

/**
 * @param {string | URL} address
 * @returns {Promise<Problem[]>}
 */
export async function checkScript(address) {
  const { document, location, crossOriginIsolated } = /** @type {any} */ (globalThis);
  let url;
  try {
    url = new URL(address, document?.baseURI ?? location?.href);
  } catch {
    throw new TypeError(`worker is the address of a script, not ${String(address)}`);
  }
  if (!/^https?:$/.test(url.protocol)) return [];
  const { href, origin } = url;
  if (location && origin !== location.origin) {
    return [
      problem(
        'worker-cross-origin',
        `the worker ${named(href)} is of another origin than the page, ${location.origin}`,
        'serve the worker from the origin of the page, or inline it',
      ),
    ];
  }
  const response = await responseOf(href);
  if (!response) {
    return [
      problem(
        'worker-unreachable',
        `the worker ${named(href)} cannot be fetched`,
        "look whether the server runs, and whether the Content-Security-Policy's connect-src has 'self'",
      ),
    ];
  }
  if (!response.ok) {
    return [
      problem(
        'worker-missing',
        `the worker ${named(href)} answers ${response.status}`,
        'publish it there: some bundlers (Rollup, esbuild) do not take along what new Worker(new URL(...)) names',
      ),
    ];
  }
  const type = header(response, 'content-type');
  if (!SCRIPT.test(type)) {
    return [
      problem(
        'worker-type',
        `the worker ${named(href)} comes as ${type || 'no type'}`,
        'Content-Type: text/javascript on this response; text/html is what servers answer that know no such file',
      ),
    ];
  }
  if (crossOriginIsolated && !embeds(response)) {
    return [
      problem(
        'worker-coep',
        `the worker ${named(href)} comes without Cross-Origin-Embedder-Policy, and the page is isolated: it does not start`,
        'Cross-Origin-Embedder-Policy: require-corp on this response too',
      ),
    ];
  }
  return [];
}

/** Whether the response may run under an isolated page. @param {Response} response */
export const embeds = (response) =>
  ['require-corp', 'credentialless'].includes(header(response, 'cross-origin-embedder-policy')) ||
  header(response, 'document-isolation-policy').startsWith('isolate-and');

/** @param {string} code @param {string} message @param {string} fix @returns {Problem} */
const problem = (code, message, fix) => ({ code, severity: 'error', message, fix });
