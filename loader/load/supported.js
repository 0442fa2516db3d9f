/** What this browser and this page allow, found by trying: globals say it wrongly in some engines. */

import { canShare } from '../memory.js';

const makeMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

/** Whether a SharedArrayBuffer can be made and given to another thread. @returns {boolean} */
export function isSharedArrayBufferSupported() {
  try {
    return canShare(makeMemory());
  } catch {
    return false;
  }
}

/** Whether Atomics work on shared memory. @returns {boolean} */
export function isAtomicsSupported() {
  try {
    return Atomics.add(new Int32Array(makeMemory().buffer), 0, 1) === 0;
  } catch {
    return false;
  }
}

/** Whether threads can share memory here: both of the others. @returns {boolean} */
export const isSharedMemorySupported = () => isSharedArrayBufferSupported() && isAtomicsSupported();
