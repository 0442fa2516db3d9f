/** Large records over messages: each in a buffer, which is handed over (channels/blocks.js). */

import { noRoom } from '../channels/blocks.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';

/**
 * @param {import('../channels/ring.js').Ring} ring
 * @returns {import('../channels/blocks.js').Blocks}
 */
export function heapBlocks(ring) {
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
