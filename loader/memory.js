/** Memories for spaces. */

import { SluiceError } from './errors.js';
import { PAGE } from './layout.js';

/** @param {{initial: number, maximum: number}} pages */
export function makeMemory(pages) {
  try {
    return new WebAssembly.Memory({ ...pages, shared: true });
  } catch (cause) {
    throw new SluiceError(
      'no-memory',
      `there is no room for ${pages.initial * PAGE} bytes of memory (up to ${pages.maximum * PAGE}): close a space, or ask for less`,
      { cause },
    );
  }
}

/**
 * Makes this thread collect its garbage, if that is why another one has no room: in V8 a process has
 * room for 125 memories, shared ones do not count when it decides to collect, and each thread can
 * collect its own only. It does when it asks for one itself and there is no room.
 */
export function makeRoom() {
  try {
    makeMemory({ initial: 1, maximum: 1 });
  } catch {
    // The other thread tells.
  }
}

/**
 * Can another thread get this memory? Only posting it tells: flags and globals are wrong in some
 * engines (WebKitGTK may say crossOriginIsolated and have no SharedArrayBuffer).
 *
 * @param {WebAssembly.Memory} memory
 */
export function canShare(memory) {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(memory);
    return true;
  } catch {
    return false;
  } finally {
    port1.close();
    port2.close();
  }
}
