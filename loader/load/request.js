/**
 * What was asked for, checked before anything is fetched.
 *
 * @typedef {import('./modules.js').LoadOptions & {url: URL, hashes?: import('./integrity.js').Hash[]}} Request
 */

import { SluiceError } from '../errors.js';
import { limit } from '../wait.js';
import { parseIntegrity } from './integrity.js';

/**
 * @param {string | URL} url
 * @param {import('./modules.js').LoadOptions} [options]
 * @returns {Request}
 */
export function checkLoad(url, options = {}) {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new TypeError(`url is a string or a URL, not ${String(url)}`);
  }
  const { integrity, cache, onProgress, signal, timeout } = options;
  if (cache !== undefined && !['memory', 'disk', 'none'].includes(cache)) {
    throw new TypeError(`cache is 'memory', 'disk' or 'none', not ${String(cache)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new TypeError('onProgress is a function');
  }
  if (signal && !('aborted' in signal)) {
    throw new TypeError("signal is an AbortSignal, such as an AbortController's");
  }
  limit(timeout);
  const hashes = integrity === undefined ? undefined : parseIntegrity(integrity);
  return { ...options, url: resolve(url), hashes };
}

/**
 * Against the page, or the worker's script. The URL of a worker that was made from a blob says no more
 * of its page than the origin.
 *
 * @param {string | URL} url
 */
function resolve(url) {
  const { document, location } = /** @type {any} */ (globalThis);
  const here = document?.baseURI ?? location?.href;
  try {
    const resolved = new URL(url, here?.startsWith('blob:') ? location.origin : here);
    resolved.hash = '';
    return resolved;
  } catch (cause) {
    const hint = here
      ? ''
      : ": this thread has no address; give a whole one, such as new URL('./x.wasm', import.meta.url)";
    throw new SluiceError('load', `${JSON.stringify(url)} is no URL here${hint}`, { cause });
  }
}
