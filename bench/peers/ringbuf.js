/**
 * ringbuf.js: a ring of bytes for one producer and one consumer, by push() and pop(). It has nothing to wait
 * by: who finds it full or empty looks again, so both ends spin.
 */

import { RingBuffer } from 'ringbuf.js';
import { makeCheck, makePayload, viewOf } from '../payload.js';

const CAPACITY = 512 * 1024;
const STOP = 0xffffffff;

/** @param {number} size */
const storage = (size) =>
  RingBuffer.getStorageForCapacity(Math.max(CAPACITY, 8 * size), /** @type {any} */ (Uint8Array));

/** @param {SharedArrayBuffer} sab */
const ring = (sab) => new RingBuffer(sab, /** @type {any} */ (Uint8Array));

/** @param {RingBuffer} into @param {Uint8Array} bytes */
function pushAll(into, bytes) {
  // push() takes what fits: half a message would be a message torn.
  while (into.available_write() < bytes.length);
  into.push(bytes, bytes.length);
}

/** @param {RingBuffer} from @param {Uint8Array} bytes */
function popAll(from, bytes) {
  while (from.available_read() < bytes.length);
  from.pop(bytes, bytes.length);
}

/** @type {import('./pipe.js').Pipe} */
export const ringbuf = {
  name: 'ringbuf.js',
  blocking: true,
  note: 'no way to sleep: both ends look again and again; a record is pushed when all of it fits',

  link(size) {
    const end = { there: storage(size), back: storage(8) };
    return [{ end }, { end }];
  },

  sender({ there }, size) {
    const into = ring(there);
    const { bytes, write } = makePayload(size);
    return (count) => {
      for (let id = 0; id < count; id++) {
        write(id);
        pushAll(into, bytes);
      }
    };
  },

  receiver({ there }, size) {
    const from = ring(there);
    const bytes = new Uint8Array(size);
    const view = viewOf(bytes);
    return (count) => {
      const check = makeCheck(size, count);
      do popAll(from, bytes);
      while (!check.add(view, 0, size));
    };
  },

  client({ there, back }, wait) {
    if (wait === 'sleep') return 'it has nothing to sleep by';
    const [into, from] = [ring(there), ring(back)];
    const word = new Uint32Array(1);
    const bytes = new Uint8Array(word.buffer);
    return {
      sync(n) {
        word[0] = n;
        pushAll(into, bytes);
        popAll(from, bytes);
        return word[0];
      },
    };
  },

  server({ there, back }) {
    const [from, into] = [ring(there), ring(back)];
    const word = new Uint32Array(1);
    const bytes = new Uint8Array(word.buffer);
    for (;;) {
      popAll(from, bytes);
      if (word[0] === STOP) return;
      pushAll(into, bytes);
    }
  },

  stop({ there }) {
    pushAll(ring(there), new Uint8Array(Uint32Array.of(STOP).buffer));
  },
};
