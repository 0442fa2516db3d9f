/**
 * Records larger than a ring's limit: each stands in a block, and a record of the type BLOCK says
 * which. Over shared memory a block of the space (core/include/sluice/message.h says whose it is
 * when), over messages a buffer that is handed over.
 *
 * @typedef {{
 *   readonly bytes: Uint8Array, readonly at: number, readonly length: number, short: boolean,
 *   make(length: number): boolean, name(record: number, length: number): void, end(named: boolean): void,
 *   sleep(): Promise<void> | undefined, wait(ns: bigint): number,
 *   open(record: number, length: number, scratch: number): void, done(scratch: number): void,
 * }} Blocks one at a time, at `at` of `bytes`. The sender: make, `name` in the claimed record, commit,
 *   end; `make` is false where there is no memory now (`short`), but will be: `sleep`. The
 *   receiver: open, done
 */

import { untilChanged } from '../bell.js';
import { SluiceError, Status, statusError } from '../errors.js';
import * as layout from '../layout.js';

/** @param {import('./ring.js').Ring} ring @returns {Blocks} */
export const makeBlocks = (ring) => (ring.transport === 'shared' ? inSpace(ring) : inHeap(ring));

/** @param {import('./ring.js').Ring} ring @param {number} length @param {'too-large' | 'no-memory'} code */
const noRoom = ({ shape, most }, length, code) =>
  new SluiceError(
    code,
    `a record of ${length} bytes on channel "${shape.name}": its space of at most ${most} bytes has no room for it; give create() more bytes, or maxBytes`,
  );

/** @param {import('./ring.js').Ring} ring @returns {Blocks} */
function inSpace(ring) {
  const { thread, at, shape } = ring;
  const { exports, self, base } = thread;
  const offset = at - base;
  let block = 0;
  let wanted = 0;
  const blocks = {
    bytes: thread.u8,
    at: 0,
    length: 0,
    short: false,

    /** @param {number} length */
    make(length) {
      const alloc = () => exports.sluice_message_alloc(self, offset, length) >>> 0;
      wanted = length;
      block = alloc();
      if (block === 0 && thread.status() === Status.NO_MEMORY && thread.grow(length)) {
        block = alloc();
      }
      while (block === 0 && exports.sluice_message_sleep(self, offset, length) === 0) {
        const status = thread.status();
        if (status === Status.NO_MEMORY) {
          throw noRoom(ring, length, length > ring.most / 2 ? 'too-large' : 'no-memory');
        }
        if (status !== Status.OK) throw statusError(status, `channel "${shape.name}"`);
        block = alloc();
      }
      blocks.short = block === 0;
      if (blocks.short) return false;
      show(block, length);
      return true;
    },
    /** @param {number} record @param {number} length */
    name: (record, length) => exports.sluice_message_put(self, offset, record, block, length),
    // Whether or not it was sent: what a record names, it holds itself.
    end: () => exports.sluice_slab_unref(self, block),
    sleep() {
      const key = exports.sluice_message_sleep(self, offset, wanted);
      return key === 0 ? undefined : untilChanged(thread, base + layout.HEADER_FREED, key);
    },
    /** @param {bigint} ns */
    wait: (ns) => exports.sluice_message_wait(self, offset, wanted, ns),

    /** @param {number} record @param {number} length @param {number} scratch */
    open(record, length, scratch) {
      const status = exports.sluice_message_get(self, offset, record, length, scratch);
      if (status !== Status.OK) throw statusError(status, `channel "${shape.name}"`);
      const word = scratch >> 2;
      show(thread.i32[word] >>> 0, thread.i32[word + 2] >>> 0);
    },
    /** @param {number} scratch */
    done: (scratch) => exports.sluice_message_done(self, offset, scratch),
  };

  /** @param {number} which @param {number} length */
  function show(which, length) {
    blocks.at = base + which;
    blocks.length = length;
    thread.reach(blocks.at + length);
    blocks.bytes = thread.u8;
  }

  return blocks;
}

/** @param {import('./ring.js').Ring} ring @returns {Blocks} */
function inHeap(ring) {
  const { thread, at, most } = ring;
  const buffers = /** @type {Map<number, ArrayBuffer>} */ (ring.blocks);
  /** What was sent and is not released: the ring's tail behind it. @type {{tail: number, bytes: number}[]} */
  const sent = [];
  let bytes = 0;
  let keys = 0;

  /** Its receivers share the space's limit with it, as if the memory were one. @param {number} length */
  function fits(length) {
    const head = thread.i32[(at + layout.RING_HEAD) >> 2];
    while (sent.length > 0 && ((head - sent[0].tail) | 0) >= 0) {
      bytes -= /** @type {{bytes: number}} */ (sent.shift()).bytes;
    }
    return bytes === 0 || bytes + length <= most;
  }

  const blocks = {
    bytes: new Uint8Array(),
    at: 0,
    length: 0,
    short: false,

    /** @param {number} length */
    make(length) {
      if (length > most) throw noRoom(ring, length, 'too-large');
      if (!fits(length)) ring.flush?.();
      blocks.short = !fits(length);
      if (!blocks.short) blocks.bytes = new Uint8Array(length);
      return !blocks.short;
    },
    /** @param {number} record @param {number} length */
    name(record, length) {
      const { buffer } =
        length < blocks.bytes.length ? blocks.bytes.slice(0, length) : blocks.bytes;
      keys = (keys + 1) | 0;
      thread.i32.set([keys, 0, length], record >> 2);
      buffers.set(keys, /** @type {ArrayBuffer} */ (buffer));
    },
    /** @param {boolean} named */
    end(named) {
      const { length } = blocks.bytes;
      if (named) {
        sent.push({ tail: thread.i32[(at + layout.RING_TAIL) >> 2], bytes: length });
        bytes += length;
      }
      blocks.bytes = new Uint8Array();
    },
    sleep: () => ring.drained.sleep(),
    wait: () => Status.OK,

    /** @param {number} record @param {number} _length @param {number} scratch */
    open(record, _length, scratch) {
      const key = thread.i32[record >> 2];
      thread.i32[scratch >> 2] = key;
      blocks.bytes = new Uint8Array(/** @type {ArrayBuffer} */ (buffers.get(key)));
      blocks.length = blocks.bytes.length;
    },
    /** @param {number} scratch */
    done(scratch) {
      buffers.delete(thread.i32[scratch >> 2]);
      blocks.bytes = new Uint8Array();
    },
  };
  return blocks;
}
