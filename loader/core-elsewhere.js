/**
 * The packaged core where core.wasm did not compile at once: it has another type, or is not there. Some
 * bundlers (Rollup, Rolldown, esbuild) do not take along what `new URL(..., import.meta.url)` names.
 */

import { SluiceError } from './errors.js';
import { compile } from './module.js';

/**
 * @param {URL | undefined} url undefined where the bundler's format has no import.meta
 * @returns {Promise<import('./module.js').Compiled>}
 */
export async function compileCore(url) {
  try {
    if (!url) throw new SluiceError('load', 'core.wasm: this bundle does not know its own address');
    return await compile(url);
  } catch (error) {
    try {
      const { bytes } = await import('./inlined-core.js');
      return await compile(bytes());
    } catch {
      throw error; // it says more
    }
  }
}
