/**
 * One thread's instance of the module over a space's memory: its stack, its views, its calls.
 *
 * @typedef {{
 *   memory: WebAssembly.Memory, exports: any, base: number, self: number, participant: number, top: number,
 *   u8: Uint8Array, i32: Int32Array,
 *   waits: Map<number, {value: number, promise: Promise<void>}>, doorbell?: import('./doorbell.js').Doorbell, area: number,
 *   linger: import('./linger.js').Linger,
 *   reach(end: number): void, alloc(bytes: number): number, free(at: number): void,
 *   make(bytes: number, call: () => number): number, grow(bytes: number): boolean, status(): number,
 * }} Thread `self` is the address of this thread's sluice_space, `top` that of its empty stack; all addresses are absolute; `waits`:
 *   those of bell.js that are pending
 */

import { SluiceError, statusError } from './errors.js';
import { instantiate } from './instantiate.js';
import * as layout from './layout.js';
import { makeLinger } from './linger.js';
import { makeMemory } from './memory.js';
import * as Status from './status.js';

/** The packaged core's deepest frame takes some 200 bytes; other modules get what emcc gives them. */
export const CORE_STACK = 16 * 1024;
export const MODULE_STACK = 64 * 1024;

/**
 * Enters the space that a handle names. Where it names no memory, as on the message transport, that is a
 * space of this thread's own, behind the module's own data.
 *
 * @param {import('./protocol.js').HandleData} handle
 * @param {WebAssembly.Imports} [imports]
 * @param {WebAssembly.Memory} [own] for the space to be made
 * @param {Promise<unknown>} [proof] of this thread's life: it enters when others can watch it
 * @param {number} [reserved] the id that its spawner took for it
 * @returns {Promise<Thread>}
 */
export async function enter(handle, imports, own, proof, reserved = 0) {
  const { module, stack, hosted, pages } = handle;
  const create = handle.memory === undefined;
  const memory = handle.memory ?? own ?? makeMemory(pages);
  const making = instantiate(module, withMemory(module, imports, handle.memoryAt, memory));
  const [instance] = await Promise.all([making, proof]);
  const exports = /** @type {any} */ (instance.exports);
  requireCore(exports);
  const base = handle.base ?? Math.ceil(exports.__heap_base.value / layout.ALIGN) * layout.ALIGN;
  if (create) {
    const available = memory.buffer.byteLength - base;
    // Nobody else is here yet: the end of the space serves as scratch.
    const scratch = base + available - 128;
    check(exports.sluice_space_init(scratch, base, available), 'create()');
    new Uint8Array(memory.buffer, scratch, 128).fill(0); // what is free is zero
  }
  // The one call that needs no stack; all instances start with the same stack pointer.
  const room = layout.AREA_STACK + stack;
  const join = () =>
    exports.sluice_thread_enter(base, memory.buffer.byteLength - base, room, reserved);
  let self = join();
  if (self === Status.NO_MEMORY && !hosted && grow(memory, base, room)) self = join();
  if (self < 0 && self > -256) throw statusError(self, create ? 'create()' : 'attach()');
  const thread = makeThread(memory, exports, base, self >>> 0, stack, hosted);
  const { area, top } = thread;
  // The slot's holder before may have left some there.
  thread.i32.fill(0, (area + layout.AREA_BELLS) >> 2, (area + layout.AREA_STACK) >> 2);
  exports.sluice_stack_set(top);
  if (exports.__wasm_init_tls && exports.__tls_size?.value > 0) {
    exports.__wasm_init_tls(thread.alloc(exports.__tls_size.value));
    // Linked by LLVM 14 without --export=__tls_base, that has moved the stack pointer as well.
    exports.sluice_stack_set(top);
  }
  if (create) exports._initialize?.();
  return thread;
}

/**
 * Makes the memory larger by what `bytes` take, if it may, and tells all threads: as sluice_space_grow() does for
 * those who are in the space.
 *
 * @param {WebAssembly.Memory} memory
 * @param {number} base
 * @param {number} bytes
 */
function grow(memory, base, bytes) {
  // The allocator adds a header and rounds up by at most a quarter.
  const pages = Math.ceil((bytes * 1.25 + 2 * layout.ALIGN) / layout.PAGE);
  try {
    memory.grow(pages);
  } catch {
    return false;
  }
  const { buffer } = memory;
  const words = new Uint32Array(buffer);
  const at = (base + layout.HEADER_BYTES) >> 2;
  const reached = buffer.byteLength - base;
  let old = Atomics.load(words, at);
  while (old < reached) old = Atomics.compareExchange(words, at, old, reached);
  return true;
}

/** @param {number} status @param {string} what */
export function check(status, what) {
  if (status < 0) throw statusError(status, what);
  return status;
}

/**
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Imports | undefined} imports
 * @param {{module: string, name: string}} at
 * @param {WebAssembly.Memory} memory
 */
function withMemory(module, imports, at, memory) {
  const wanted = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
  if (!wanted) {
    throw new SluiceError(
      'mismatch',
      'the module makes its own memory, and its threads would not share it: link it with --import-memory',
    );
  }
  return { ...imports, [at.module]: { ...imports?.[at.module], [at.name]: memory } };
}

/** @param {any} exports */
function requireCore(exports) {
  if (!exports.sluice_thread_enter || !exports.__heap_base) {
    throw new SluiceError(
      'mismatch',
      'the module cannot host a space: link it with the Sluice core and export __heap_base and what core/exports.txt lists',
    );
  }
}

/**
 * @param {WebAssembly.Memory} memory
 * @param {any} exports
 * @param {number} base
 * @param {number} self
 * @param {number} stack its bytes
 * @param {true} [hosted]
 */
function makeThread(memory, exports, base, self, stack, hosted) {
  const i32 = new Int32Array(memory.buffer);
  const area = base + i32[(self + layout.SPACE_AREA) >> 2];
  const thread = {
    memory,
    exports,
    base,
    self,
    area,
    top: area + layout.AREA_STACK + stack,
    participant: i32[(self + layout.SPACE_PARTICIPANT) >> 2],
    waits: new Map(),
    linger: makeLinger(),
    u8: new Uint8Array(memory.buffer),
    i32,

    /** Growth gives a new buffer; the old views keep their old length. @param {number} end */
    reach(end) {
      if (end > thread.u8.length) {
        thread.u8 = new Uint8Array(memory.buffer);
        thread.i32 = new Int32Array(memory.buffer);
      }
    },

    /** Why the last call that gives an offset gave 0. */
    status: () => thread.i32[(self + layout.SPACE_STATUS) >> 2],

    /** @param {number} bytes */
    alloc(bytes) {
      const offset = thread.make(bytes, () => exports.sluice_space_alloc(self, bytes));
      if (offset === 0) throw statusError(thread.status(), `${bytes} bytes of the space`);
      const at = base + offset;
      thread.reach(at + bytes);
      return at;
    },

    /** @param {number} at */
    free(at) {
      exports.sluice_space_free(self, at - base);
    },

    /**
     * What the core makes of so many bytes, which it is asked for again where the memory may grow.
     *
     * @param {number} bytes
     * @param {() => number} call
     * @returns {number} its offset; 0 with `status` saying why
     */
    make(bytes, call) {
      const offset = call();
      const again = offset === 0 && thread.status() === Status.NO_MEMORY && thread.grow(bytes);
      return (again ? call() : offset) >>> 0;
    },

    /** Makes the memory larger by what `bytes` take, if it may. @param {number} bytes */
    grow(bytes) {
      if (hosted || !grow(memory, base, bytes)) return false;
      thread.reach(memory.buffer.byteLength);
      return true;
    },
  };
  return thread;
}
