/** The codec for values of any shape. */

import { read } from './value/read.js';
import { buffer, release, write } from './value/write.js';

/** Below this a loop is faster than a view and a copy. */
const SHORT = 64;

let last = /** @type {unknown} */ (undefined);
/** Bytes of `last` in the buffer; negative: none. */
let size = -1;

/** @param {unknown} value @param {boolean} [isList] */
function measure(value, isList) {
  size = -1;
  size = write(value, isList);
  last = value;
  return size;
}

/** @param {unknown} value @param {Uint8Array} into @param {number} offset @param {boolean} [isList] */
function encode(value, into, offset, isList) {
  const length = size >= 0 && Object.is(last, value) ? size : measure(value, isList);
  const from = buffer();
  if (length > SHORT) into.set(from.subarray(0, length), offset);
  else for (let i = 0; i < length; i++) into[offset + i] = from[i];
  size = -1;
  last = undefined;
  release();
  return length;
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
  size: (value) => measure(value),
  encode: (value, into, offset) => encode(value, into, offset),
  decode: (from, offset, length) => read(from, offset, length),
};

/** The same for a call's arguments: their array is nobody's, and costs nothing. */
export const values = {
  /** @param {unknown[]} list */
  size: (list) => measure(list, true),
  /** @param {unknown[]} list @param {Uint8Array} into @param {number} offset */
  encode: (list, into, offset) => encode(list, into, offset, true),
  /** @type {(from: Uint8Array, offset: number, length: number) => unknown[]} */
  decode: (from, offset, length) => /** @type {unknown[]} */ (read(from, offset, length, true)),
};
