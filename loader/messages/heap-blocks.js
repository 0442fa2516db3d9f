/** Large records over messages: each in a buffer, which is handed over (channels/blocks.js). */

import { room } from '#platform';
import { noRoom } from '../channels/blocks.js';
import { bytes as bytesCodec } from '../codec.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';

/** So many bytes go on their way at once, and not in the next microtask: so the receiver is at work too,
 * and not for each. */
const AT_ONCE = 4 * 1024 * 1024;
/** Buffers go back to the sender, and carry its next records, up to so many bytes: a new one costs the
 * system as much as to fill it. */
const SPARE = 8 * 1024 * 1024;

/** @param {import('../channels/ring.js').Ring} ring @param {ArrayBuffer[]} buffers */
export function keepSpare({ spare = [] }, buffers) {
  let bytes = 0;
  for (const { byteLength } of spare) bytes += byteLength;
  for (const buffer of buffers) {
    bytes += buffer.byteLength;
    if (bytes <= SPARE) spare.push(buffer);
  }
}

/**
 * @param {import('../channels/ring.js').Ring} ring
 * @returns {import('../channels/blocks.js').Blocks}
 */
export function heapBlocks(ring) {
  const { thread, at, most, shape } = ring;
  /** Other codecs may count on zeros. */
  const writesAll = shape.codec === bytesCodec.id;
  const buffers = /** @type {Map<number, ArrayBuffer>} */ (ring.blocks);
  /** What was sent and is not released: the ring's tail behind it. @type {{tail: number, bytes: number}[]} */
  const sent = [];
  const spare = /** @type {ArrayBuffer[]} */ (ring.spare);
  let bytes = 0;
  let unsent = 0;
  let keys = 0;

  /** Its receivers share the space's limit with it, as if the memory were one. @param {number} length */
  function fits(length) {
    const head = thread.i32[(at + layout.RING_HEAD) >> 2];
    while (sent.length > 0 && ((head - sent[0].tail) | 0) >= 0) {
      bytes -= /** @type {{bytes: number}} */ (sent.shift()).bytes;
    }
    return bytes === 0 || bytes + length <= most;
  }

  /** @param {number} length */
  function bytesFor(length) {
    if (!writesAll) return new Uint8Array(length);
    const last = spare.pop();
    if (last?.byteLength === length) return new Uint8Array(last);
    spare.length = 0; // others now
    return room(length);
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
      if (!blocks.short) blocks.bytes = bytesFor(length);
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
        unsent += length;
        if (unsent >= AT_ONCE) {
          unsent = 0;
          ring.flush?.();
        }
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
      const key = thread.i32[scratch >> 2];
      // Of others it is not told whose they were.
      if (writesAll && (shape.kind === 'spsc' || shape.kind === 'mpsc')) {
        keepSpare(ring, [/** @type {ArrayBuffer} */ (buffers.get(key))]);
      }
      buffers.delete(key);
      blocks.bytes = new Uint8Array();
    },
  };
  return blocks;
}
