/** The engine as a space's module, and why there is none. */

import { create, SluiceError } from 'sluice';
import { DarkSwapError } from './errors.js';

/**
 * Where the engine is when nobody says: the same from here and from a page's bundle.
 */
export const ENGINE = new URL('../../../build/darkswap/engine.wasm', import.meta.url);

const PAGE = 65536;

/**
 * @typedef {{initial: number, maximum: number}} MemoryOptions pages of 64 KiB
 * @typedef {Pick<import('sluice').SpaceOptions, 'fallback'>} SpaceOptions
 */

/**
 * @param {string | URL} wasm
 * @param {MemoryOptions} memory
 * @param {SpaceOptions} [options]
 */
export async function openEngine(wasm, { initial, maximum }, options) {
  let space;
  try {
    space = await create({ ...options, wasm, bytes: initial * PAGE, maxBytes: maximum * PAGE });
  } catch (error) {
    throw loadError(wasm, error);
  }
  if ('ds_book_init' in space.exports) return space;
  await space.close();
  throw new DarkSwapError(
    'WASM_INSTANTIATION_FAILED',
    `${wasm} is WebAssembly, but not DarkSwap's engine: it has no ds_book_init`,
  );
}

/** @param {string | URL} url @param {unknown} error */
function loadError(url, error) {
  const why = error instanceof Error ? error.message : String(error);
  const { code, cause } = error instanceof SluiceError ? error : { code: '', cause: undefined };
  if (code === 'not-isolated') {
    const message = `memory cannot be shared here, and fallback is 'throw': ${why}`;
    return new DarkSwapError('INITIALIZATION_FAILED', message, error);
  }
  const there =
    code === 'mismatch' ||
    code === 'no-memory' ||
    cause instanceof WebAssembly.LinkError ||
    cause instanceof WebAssembly.RuntimeError;
  return new DarkSwapError(
    there ? 'WASM_INSTANTIATION_FAILED' : 'WASM_LOAD_FAILED',
    `the engine at ${url} did not load: ${why}`,
    error,
  );
}
