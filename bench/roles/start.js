/** The first worker, and the first module, of a page: in a frame that knows nothing yet. */

import { loadWasmModuleWithSharedMemory } from '../loader.js';
import { next } from '../post.js';
import { create, spawn } from '../sdk.js';

/** @typedef {(script: string) => Worker} Start */

/** A worker and its first message. @param {Start} start @returns {Promise<number>} milliseconds */
export async function bare(start) {
  const begin = performance.now();
  const worker = start('ready.worker.js');
  await next(worker);
  const took = performance.now() - begin;
  worker.terminate();
  return took;
}

/** What any module in a worker takes: fetched and compiled here, instantiated there. Its import is named as core.wasm's.
 * @param {Start} start @param {string} url */
export async function byHand(start, url) {
  const begin = performance.now();
  const worker = start('instance.worker.js');
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  worker.postMessage({ module: await WebAssembly.compileStreaming(fetch(url)), memory });
  await next(worker);
  const took = performance.now() - begin;
  worker.terminate();
  return took;
}

/** A space, and then a worker that has attached to it. @param {Start} start */
export async function oneByOne(start) {
  const begin = performance.now();
  const space = await create({ fallback: 'throw' });
  return attached(
    begin,
    space,
    spawn(space, () => start('attach.worker.js')),
  );
}

/** The same, while the space is being made. @param {Start} start */
export function together(start) {
  const begin = performance.now();
  const making = create({ fallback: 'throw' });
  return attached(
    begin,
    making,
    spawn(making, () => start('attach.worker.js')),
  );
}

/**
 * @param {number} begin
 * @param {import('sluice').Space | Promise<import('sluice').Space>} making
 * @param {Promise<import('sluice').Peer>} spawning
 */
async function attached(begin, making, spawning) {
  const { worker, lost } = await spawning;
  const took = performance.now() - begin;
  worker.terminate();
  await lost;
  await (await making).close({ timeout: 5000 });
  return took;
}

/** A module that may be on disk. @param {string} url @param {string} expected where it comes from */
export async function fromDisk(url, expected) {
  const begin = performance.now();
  const { cached } = await loadWasmModuleWithSharedMemory(url, MODULE_IMPORTS, undefined, {
    cache: 'disk',
  });
  const took = performance.now() - begin;
  if (cached !== expected) throw new Error(`the module came from ${cached}, not ${expected}`);
  // Nobody waits for it on a page; here the frame goes when it has answered.
  while (!(await caches.match(url))) await new Promise((resolve) => setTimeout(resolve, 5));
  return took;
}

/** What tiny-secp256k1's asks for. */
const MODULE_IMPORTS = {
  './rand.js': { generateInt32: () => 1 },
  './validate_error.js': { throwError() {} },
};
