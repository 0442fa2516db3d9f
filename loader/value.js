/** The codec for values of any shape. */

import { read } from './value/read.js';
import { buffer, release, write } from './value/write.js';

/** Below this a loop is faster than a view and a copy. */
const SHORT = 64;

let last = /** @type {unknown} */ (undefined);
/** Bytes of `last` in the buffer; negative: none. */
let size = -1;

/** @param {unknown} value */
function measure(value) {
  size = -1;
  size = write(value);
  last = value;
  return size;
}

/** What was written last. @param {Uint8Array} into @param {number} offset @param {number} length */
function copy(into, offset, length) {
  const from = buffer();
  if (length > SHORT) into.set(from.subarray(0, length), offset);
  else for (let i = 0; i < length; i++) into[offset + i] = from[i];
  size = -1;
  last = undefined;
  release();
}

/**
 * What a structured clone carries, as it carries it: undefined, null, booleans, numbers, bigints,
 * strings, dates, arrays with their holes, objects (of a class: as plain ones), maps, sets, typed
 * arrays and DataViews with the whole of their buffers, buffers, regular expressions, boxed
 * primitives, errors, shared references and cycles. Of errors more: the name and the own fields.
 *
 * Anything else, and shared memory, is a "clone" error that says where it is. It differs from a
 * structured clone where that is of no use or would cost every value: named properties of an array
 * are lost unless it has holes or is the match of a RegExp; a Proxy and `arguments` go as what they
 * show; an object that names its own type by Symbol.toStringTag is refused.
 *
 * @type {import('./codec.js').Codec<unknown>}
 */
export const value = {
  id: 'value',
  size: measure,
  encode(value, into, offset) {
    const length = size >= 0 && Object.is(last, value) ? size : measure(value);
    copy(into, offset, length);
    return length;
  },
  decode: (from, offset, length) => read(from, offset, length),
};

/** The same for a call's arguments, which readList() reads: their array is nobody's, and costs nothing. */
export const values = {
  /** @param {unknown[]} list @returns {number} bytes, for copy() to take next */
  write(list) {
    size = -1;
    return write(list, true);
  },
  copy,
  /** Nobody takes them. */
  drop: release,
};
