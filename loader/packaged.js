/** The packaged core, compiled once. */

import { read } from '#platform';
import { part } from './part.js';

/** Where the linker of Sluice's own modules, and of emcc's, puts the memory. */
export const USUAL_MEMORY = { module: 'env', name: 'memory' };

/** What the core imports, which nobody need read there: tests/node/core-wasm.test.js compares. */
export const CORE_MEMORY = {
  ...USUAL_MEMORY,
  initial: 1,
  maximum: 65536,
  shared: true,
};

/** @type {Promise<import('./module.js').Compiled> | undefined} */
let core;

/** @returns {Promise<import('./module.js').Compiled>} */
export function packagedCore() {
  core ??= load().catch((error) => {
    core = undefined; // the next caller tries again
    throw error;
  });
  return core;
}

async function load() {
  /** @type {URL | undefined} */
  let url;
  try {
    url = new URL('./core.wasm', import.meta.url);
    const module = await WebAssembly.compileStreaming(read(url));
    return { module, memory: CORE_MEMORY, from: url.href };
  } catch {
    return (await part(import('./given.js'))).compileCore(url);
  }
}
