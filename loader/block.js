/**
 * Blocks: memory of a space by reference.
 *
 * @typedef {{
 *   readonly bytes: Uint8Array, readonly handle: import('./space.js').Handle,
 *   close(): void, [Symbol.dispose](): void,
 * }} Block `bytes`: the block itself, in this thread's view of the space's memory (at `bytes.byteOffset`
 *   for C); not to be used after the block is closed. `handle`: what another thread opens it by. `close()`:
 *   what `using` does, again without effect
 *
 * @typedef {{sluice: 'block', space: string, offset?: number, serial?: number, bytes?: Uint8Array}} BlockData
 *   what a block's handle carries: where it is, or over messages a copy
 */

import { common } from './common.js';
import { DISPOSE } from './dispose.js';
import { SluiceError, statusError } from './errors.js';
import { gettersOf, withGetters } from './getters.js';
import { inside } from './internals.js';
import { requireNumber } from './options.js';
import * as Status from './status.js';

/**
 * A new block of so many bytes, zeroed. Its memory comes back when the last thread that has it has
 * closed it (each as often as it has opened it), left the space, or died.
 *
 * @param {import('./space.js').Space} space
 * @param {number} bytes 1 or more
 * @returns {Block} "no-memory" where the space has no room for it
 */
export function alloc(space, bytes) {
  const internals = inside(space);
  requireNumber('bytes', bytes, 1, Number.MAX_SAFE_INTEGER);
  if (bytes >= 2 ** 32) throw statusError(Status.NO_MEMORY, `a block of ${bytes} bytes`);
  return makeBlock(internals, internals.thread.alloc(bytes), bytes);
}

/**
 * The block that a handle names, in this thread: the same memory, or over messages a copy of what it
 * held when its `handle` was read. Who sends a handle keeps the block until the other has opened it.
 *
 * @param {import('./space.js').Space} space the block's
 * @param {import('./space.js').Handle} handle
 * @returns {Block} "closed" where the block is gone
 */
export function block(space, handle) {
  const internals = inside(space);
  const data = /** @type {BlockData} */ (/** @type {unknown} */ (handle));
  if (data?.sluice !== 'block') throw new TypeError("block() takes a block's handle");
  if (data.space !== internals.handle.id) {
    throw new SluiceError('mismatch', 'the block is of another space: open it in that one');
  }
  const { thread } = internals;
  if (data.bytes) {
    const copy = makeBlock(internals, thread.alloc(data.bytes.length), data.bytes.length);
    copy.bytes.set(data.bytes);
    return copy;
  }
  const { exports, self, base } = thread;
  const { offset = 0, serial } = data;
  const status = exports.sluice_slab_ref(self, offset, serial);
  if (status !== Status.OK) throw statusError(status, 'the block');
  return makeBlock(internals, base + offset, exports.sluice_slab_bytes(self, offset) >>> 0);
}

/** How often this thread has each block: the core counts a thread once. */
const counts = /* @__PURE__ */ common(
  'blocks',
  () => /** @type {WeakMap<import('./thread.js').Thread, Map<number, number>>} */ (new WeakMap()),
);

/**
 * @param {import('./internals.js').Internals} internals
 * @param {number} at
 * @param {number} length
 * @returns {Block}
 */
function makeBlock(internals, at, length) {
  const { thread, handle } = internals;
  const { exports, self, base } = thread;
  /** @type {Map<number, number>} */
  const mine = counts().get(thread) ?? new Map();
  counts().set(thread, mine);
  mine.set(at, (mine.get(at) ?? 0) + 1);
  thread.reach(at + length);
  const bytes = new Uint8Array(thread.memory.buffer, at, length);
  let open = true;

  function requireOpen() {
    if (!open || internals.closed) {
      throw new SluiceError('closed', 'the block was closed, or its space');
    }
  }

  function close() {
    const left = (mine.get(at) ?? 1) - 1;
    if (!open || internals.closed) return;
    open = false;
    if (left > 0) mine.set(at, left);
    else {
      mine.delete(at);
      thread.free(at);
    }
  }

  function bytesOf() {
    requireOpen();
    return bytes;
  }

  function handleOf() {
    requireOpen();
    const offset = at - base;
    /** @type {BlockData} */
    const data = { sluice: 'block', space: handle.id };
    if (internals.transport === 'message') data.bytes = bytes.slice();
    else Object.assign(data, { offset, serial: exports.sluice_slab_serial(self, offset) >>> 0 });
    return /** @type {any} */ (data);
  }

  return withGetters(BLOCK, { bytes: bytesOf, handle: handleOf }, { close, [DISPOSE]: close });
}

const BLOCK = /* @__PURE__ */ gettersOf('bytes', 'handle');
