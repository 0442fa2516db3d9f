/**
 * What this engine knows, each tried.
 *
 * @typedef {Record<'sharedMemory' | 'wasmThreads' | 'simd' | 'waitAsync' | 'pause' | 'webLocks' | 'memory64', boolean>} Features
 *   `sharedMemory`: other threads can have it
 */

import { random } from '../random.js';

const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A module whose one function, of no arguments, has this body. @param {number[]} body */
const running = (...body) => [
  ...[...MODULE, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
];
const SIMD = running(0x41, 0, 0xfd, 0x0f, 0x1a); // i32.const 0; i8x16.splat; drop
const THREADS = [...MODULE, 5, 4, 1, 3, 1, 1]; // a shared memory
const MEMORY64 = [...MODULE, 5, 3, 1, 4, 1];

/** @param {() => unknown} act */
function works(act) {
  try {
    return Boolean(act());
  } catch {
    return false;
  }
}

/** @param {number[]} bytes */
const knows = (bytes) => works(() => WebAssembly.validate(Uint8Array.from(bytes)));

/** A lock that is asked for is given. */
async function hasLocks() {
  try {
    return await navigator.locks.request(`sluice-${random()}`, () => true);
  } catch {
    return false;
  }
}

/**
 * @returns {Promise<{
 *   features: Features, memory: WebAssembly.Memory | undefined, problems: import('./index.js').Problem[],
 * }>} `memory`: shared, where one can be made
 */
export async function findFeatures() {
  /** @type {import('./index.js').Problem[]} */
  const problems = [];
  let memory;
  if (!globalThis.WebAssembly) {
    problems.push({
      code: 'no-wasm',
      severity: 'error',
      message: 'this browser has no WebAssembly: Lockdown Mode, among others, turns it off',
      fix: 'let this site be an exception in the settings of the browser, or of the device',
    });
  } else {
    try {
      memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    } catch {
      problems.push({
        code: 'no-shared-memory',
        severity: 'error',
        message: 'this engine makes no shared WebAssembly memory',
        fix: 'update the browser: Chrome 74, Firefox 79 and Safari 15.2 are the first that do',
      });
    }
    try {
      // WebKit forbids no more than the instance.
      new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(MODULE)));
    } catch (error) {
      problems.push({
        code: 'csp-wasm',
        severity: 'error',
        message: `WebAssembly may not run here: ${/** @type {Error} */ (error).message}`,
        fix: "Content-Security-Policy: add 'wasm-unsafe-eval' to script-src",
      });
    }
  }
  const words = memory && new Int32Array(memory.buffer);
  const atomics = /** @type {any} */ (Atomics);
  const features = {
    sharedMemory: false,
    wasmThreads: knows(THREADS),
    simd: knows(SIMD),
    waitAsync: works(() => words && atomics.waitAsync(words, 0, 1).value === 'not-equal'),
    pause: works(() => atomics.pause() === undefined),
    webLocks: await hasLocks(),
    memory64: knows(MEMORY64),
  };
  return { features, memory, problems };
}
