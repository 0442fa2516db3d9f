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

import { sleepOn } from '../bell.js';
import { SluiceError, statusError } from '../errors.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';

/** @param {import('./ring.js').Ring} ring @returns {Blocks} */
export const makeBlocks = (ring) => (ring.makeBlocks ?? inSpace)(ring);

/** @param {import('./ring.js').Ring} ring @param {number} length @param {'too-large' | 'no-memory'} code */
export const noRoom = ({ shape, most }, length, code) =>
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
      block = thread.make(length, alloc);
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
    sleep: () =>
      sleepOn(
        thread,
        base + layout.HEADER_FREED,
        exports.sluice_message_sleep(self, offset, wanted),
      ),
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
