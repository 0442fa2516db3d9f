/**
 * The entry "sluice/loader": any wasm module, compiled once, with shared memory where possible.
 * docs/loader.md has the rules.
 *
 * @typedef {import('./memory.js').MemoryOptions} MemoryOptions
 * @typedef {import('./modules.js').LoadOptions} LoadOptions
 * @typedef {import('../errors.js').Code} Code
 * @typedef {import('../errors.js').SluiceError} SluiceError
 *
 * @typedef {{
 *   module: WebAssembly.Module, instance: WebAssembly.Instance, memory?: WebAssembly.Memory,
 *   shared: boolean, cached: 'no' | 'memory' | 'disk',
 * }} Loaded `module`, and a shared `memory`, can be posted to workers; `memory`: that which was made,
 *   given, or exported by the module; `shared`: other threads can have it; `cached`: where the
 *   compiled module came from
 */

import { instantiate } from '../instantiate.js';
import { canShare } from '../memory.js';
import { within } from '../wait.js';
import { checkOptions, isMemory, isShared, withMemory } from './memory.js';
import { clear, count, has, obtain } from './modules.js';
import { startError } from './reasons.js';
import { checkLoad } from './request.js';

export {
  isAtomicsSupported,
  isSharedArrayBufferSupported,
  isSharedMemorySupported,
} from './supported.js';

/**
 * Loads a module and makes an instance of it. One URL is fetched and compiled once, however many ask;
 * each call has an instance of its own, with its own imports.
 *
 * @param {string | URL} url a relative one stands beside the page
 * @param {WebAssembly.Imports} [imports] what the module imports; the memory may be left out
 * @param {MemoryOptions} [memory] limits of the memory that is made, in pages of 64 KiB; by default
 *   those that the module declares
 * @param {LoadOptions} [options] `integrity`: as in HTML, checked before anything is compiled;
 *   `cache`: 'memory' by default; `onProgress`: bytes that have arrived, and of how many if known
 * @returns {Promise<Loaded>} rejects with a SluiceError: "load" (not there, not wasm, imports missing),
 *   "mismatch" (options or imports that the module contradicts), "no-memory", "timeout"
 */
export async function loadWasmModuleWithSharedMemory(url, imports, memory, options) {
  const request = checkLoad(url, options);
  checkOptions(memory);
  return within(load(request, imports, memory), options, `loading ${request.url.href}`);
}

/**
 * @param {import('./request.js').Request} request
 * @param {WebAssembly.Imports | undefined} imports
 * @param {MemoryOptions | undefined} options
 * @returns {Promise<Loaded>}
 */
async function load(request, imports, options) {
  const { compiled, cached } = await obtain(request);
  const given = withMemory(compiled, imports, options);
  const instance = await start(compiled, given.imports);
  const memory = given.memory ?? Object.values(instance.exports).find(isMemory);
  const shared = memory !== undefined && isShared(memory) && canShare(memory);
  return { module: compiled.module, instance, memory, shared, cached };
}

/** @param {import('./fetch.js').Compiled} compiled @param {WebAssembly.Imports} imports */
async function start({ module, from }, imports) {
  try {
    return await instantiate(module, imports);
  } catch (cause) {
    throw startError(from, cause);
  }
}

/**
 * Fetches and compiles a module, so that a later load finds it. A failure is kept for nobody: the
 * load tries again, and tells.
 *
 * @param {string | URL} url
 * @param {WebAssembly.Imports} [_imports] for the load; nothing is instantiated here
 * @param {MemoryOptions} [memory]
 * @param {LoadOptions} [options]
 */
export function preloadWasmModuleWithSharedMemory(url, _imports, memory, options) {
  const request = checkLoad(url, options);
  checkOptions(memory);
  obtain(request).catch(() => {});
}

/**
 * Forgets all modules, in memory and on disk. Loads that are under way go on, and are not kept.
 * @returns {Promise<void>} when the disk is clear
 */
export const clearWasmModuleCache = () => clear();

/** @returns {number} modules that this thread keeps in memory */
export const getWasmModuleCacheSize = () => count();

/** Whether this thread keeps the module in memory. @param {string | URL} url @returns {boolean} */
export const isWasmModuleCached = (url) => has(checkLoad(url).url);
