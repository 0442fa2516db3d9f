/** Spaces that a C program hosts inside its own memory. */

import { losesWakeUps, notIsolated, provesDeath } from '#platform';
import { SluiceError, statusError } from './errors.js';
import { HEADER_BYTES, PAGE } from './layout.js';
import { canShare } from './memory.js';
import { packagedCore, USUAL_MEMORY } from './packaged.js';
import { part } from './part.js';
import { makeSpace } from './space.js';
import * as Status from './status.js';
import { CORE_STACK, enter } from './thread.js';

/**
 * Joins the space that stands at the address `base` of a program's memory, made there by the
 * program's sluice_space_init. This thread becomes one of the space's participants, by an instance of
 * the packaged core of its own; it takes some 20 KB of the space. close() leaves the space, which stays the
 * program's, and never grows the memory. Workers come in by spawn(), or by attach() with the handle.
 *
 * @param {WebAssembly.Memory} memory shared, of any size
 * @param {number} base
 * @returns {Promise<import('./space.js').Space>} "version" where no such space stands, "mismatch"
 *   where the memory is not shared, "not-isolated" where it cannot be given to other threads
 */
export async function over(memory, base) {
  if (!(memory instanceof WebAssembly.Memory) || !Number.isSafeInteger(base) || base < 0) {
    throw new TypeError("over() takes a program's memory, and the address of a space in it");
  }
  const { buffer } = memory;
  if (Object.prototype.toString.call(buffer) !== '[object SharedArrayBuffer]') {
    throw new SluiceError('mismatch', 'the memory is not shared: link the program with -pthread');
  }
  if (!((await provesDeath()) && canShare(memory))) {
    throw new SluiceError('not-isolated', `memory cannot be shared here: ${notIsolated()}`);
  }
  if (base + 16384 > buffer.byteLength) throw statusError(Status.VERSION, 'over()');
  const { module } = await packagedCore();
  const bytes = new DataView(buffer).getUint32(base + HEADER_BYTES, true);
  /** @type {import('./protocol.js').HandleData} */
  const handle = {
    sluice: 1,
    id: `hosted ${base} ${bytes}`, // the same in all threads
    transport: 'shared',
    module,
    memoryAt: USUAL_MEMORY,
    stack: CORE_STACK,
    pages: { initial: bytes / PAGE, maximum: bytes / PAGE },
    memory,
    base,
    hosted: true,
  };
  const thread = await enter(handle);
  if (losesWakeUps()) {
    thread.doorbell = (await part(import('./doorbell.js'))).makeDoorbell(thread);
  }
  return makeSpace(handle, thread, false);
}
