/**
 * Values into bytes, in one pass over a private buffer that grows: the exact size is known then, and
 * no getter is asked twice.
 */

import { SluiceError } from '../errors.js';
import { encoder, writeAscii } from '../utf8.js';
import * as t from './tags.js';

const FIRST_BYTES = 1024;
/** A larger buffer is not kept from one value to the next. */
const KEPT_BYTES = 1_048_576;
/** So many objects are looked up one by one, more of them by a Map. */
const FEW = 16;
/** Up to so many characters a loop is faster than TextEncoder. */
const SHORT = 24;
/** Levels of a path in a message. */
const SHOWN = 20;

let out = /* @__PURE__ */ new Uint8Array(FIRST_BYTES);
let at = 0;
let busy = false;

/** The objects met, by number: the first in `seen`, or all in `index`. @type {unknown[]} */
const seen = [];
/** @type {Map<unknown, number> | undefined} */
let index;
let count = 0;

/** Where the value being written stands: a key for each level. @type {(string | number)[]} */
const path = [];
let depth = 0;

/**
 * @param {unknown} value
 * @param {boolean} [isList] an array's items, and not the array
 * @returns {number} how many bytes it takes; they lie in buffer()
 */
export function write(value, isList) {
  if (busy) {
    throw new SluiceError(
      'clone',
      'a getter of a value sends another value: read it before you send its object',
    );
  }
  busy = true;
  at = 0;
  try {
    if (isList) putItems(/** @type {unknown[]} */ (value));
    else put(value);
    return at;
  } finally {
    busy = false;
    depth = 0;
    if (count > 0) forget(0);
  }
}

/** What write() has written, from its start on. */
export const buffer = () => out;

/** Lets go of a large buffer. */
export function release() {
  if (out.length > KEPT_BYTES) out = new Uint8Array(FIRST_BYTES);
}

/** Makes room for so many bytes. @param {number} bytes */
function reserve(bytes) {
  if (at + bytes <= out.length) return;
  const larger = new Uint8Array(Math.max(out.length * 2, at + bytes));
  larger.set(out.subarray(0, at));
  out = larger;
}

/** @param {number} value a whole number below 2^32, for which there is room */
function putCount(value) {
  while (value > 127) {
    out[at++] = (value & 127) | 128;
    value >>>= 7;
  }
  out[at++] = value;
}

function putWord() {
  for (let i = 0; i < 8; i++) out[at++] = t.word[i];
}

function putEnd() {
  reserve(1);
  out[at++] = t.END;
}

/** @param {string} value */
function putString(value) {
  const { length } = value;
  reserve(8 + 3 * length);
  const head = length < 64 ? 1 : 5; // the varint of what is not known yet, padded
  const bytes =
    length > SHORT
      ? encoder().encodeInto(value, out.subarray(at + head)).written
      : writeAscii(value, out, at + head) && length;
  if (bytes === length || (head > 1 && isWellFormed(value))) {
    let count = Number(bytes) * 2;
    for (let i = 1; i < head; i++) {
      out[at++] = count | 128;
      count >>>= 7;
    }
    out[at++] = count;
    at += Number(bytes);
    return;
  }
  putCount(length * 4 + 1);
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    out[at++] = unit;
    out[at++] = unit >> 8;
  }
}

/** UTF-8 has no lone surrogates. @param {string} value */
const isWellFormed = (value) => value.isWellFormed?.() ?? !/\p{Surrogate}/u.test(value);

/** @param {unknown} value */
function put(value) {
  reserve(16);
  // V8 compares `typeof` without making the string only like this, not in a switch.
  if (typeof value === 'number') return putNumber(value);
  if (typeof value === 'string') {
    out[at++] = t.STRING;
    return putString(value);
  }
  if (value === null) {
    out[at++] = t.NULL;
    return;
  }
  if (typeof value === 'object') return putObject(value);
  if (typeof value === 'boolean') {
    out[at++] = value ? t.TRUE : t.FALSE;
    return;
  }
  if (value === undefined) {
    out[at++] = t.UNDEFINED;
    return;
  }
  if (typeof value === 'bigint') return putBigInt(value);
  refuse(typeof value);
}

/** @param {number} value */
function putNumber(value) {
  if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
    out[at++] = t.INTEGER;
    return putCount(((value << 1) ^ (value >> 31)) >>> 0);
  }
  out[at++] = t.NUMBER;
  t.float[0] = value;
  putWord();
}

/** @param {bigint} value */
function putBigInt(value) {
  t.integer[0] = value;
  if (t.integer[0] === value) {
    out[at++] = t.BIGINT;
    return putWord();
  }
  out[at++] = t.LONG_BIGINT;
  putString(value.toString(16));
}

/** @param {any} value */
function putObject(value) {
  const number = numberOf(value);
  if (number >= 0) {
    out[at++] = t.REFERENCE;
    return putCount(number);
  }
  if (depth === t.DEEPEST) refuse(`value more than ${t.DEEPEST} levels deep`);
  if (Array.isArray(value)) return putArray(value);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    out[at++] = t.OBJECT;
    return putProperties(value);
  }
  const type = Object.prototype.toString.call(value).slice(8, -1);
  switch (type) {
    case 'Object': // of a class: a structured clone, too, loses that
      out[at++] = t.OBJECT;
      return putProperties(value);
    case 'Map':
      return putCollection(t.MAP, value);
    case 'Set':
      return putCollection(t.SET, value);
    case 'Date':
      out[at++] = t.DATE;
      t.float[0] = value.getTime();
      return putWord();
    case 'RegExp':
      out[at++] = t.REGEXP;
      putString(value.source);
      return putString(value.flags);
    case 'ArrayBuffer':
      return putBuffer(value);
    case 'Error':
      return putError(value);
    case 'DOMException':
      out[at++] = t.EXCEPTION;
      putString(value.message);
      return putString(value.name);
    case 'Boolean':
    case 'Number':
    case 'String':
    case 'BigInt':
      return putBoxed(value, type);
    default:
      return putView(value, type);
  }
}

/** @param {object} value @returns {number} the number it has already; -1: it gets one now */
function numberOf(value) {
  if (index) {
    const known = index.get(value);
    if (known !== undefined) return known;
    index.set(value, count++);
    return -1;
  }
  for (let i = 0; i < count; i++) if (seen[i] === value) return i;
  if (count === FEW) index = new Map(seen.map((one, i) => [one, i]));
  if (index) index.set(value, count);
  else seen[count] = value;
  count++;
  return -1;
}

/** Forgets the objects from a number on. @param {number} from */
function forget(from) {
  for (let i = from; i < count && i < FEW; i++) seen[i] = undefined;
  if (from <= FEW) index = undefined;
  else for (const [value, number] of index ?? []) if (number >= from) index?.delete(value);
  count = from;
}

/** @param {any} value */
function putProperties(value) {
  const level = depth++;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    path[level] = key;
    putString(key);
    put(value[key]);
  }
  putEnd();
  depth = level;
}

/** @param {unknown[]} value */
function putArray(value) {
  const { length } = value;
  if (!isDense(value)) {
    out[at++] = t.SPARSE;
    putCount(length);
    return putProperties(value);
  }
  out[at++] = t.ARRAY;
  putItems(value);
}

/** @param {unknown[]} value */
function putItems(value) {
  const { length } = value;
  putCount(length);
  const level = depth++;
  for (let i = 0; i < length; i++) {
    path[level] = i;
    put(value[i]);
  }
  depth = level;
}

/**
 * Without holes. Named properties, too, make an array sparse; to look for them takes longer than to
 * write the array, so only those of a match of a RegExp, which has an `index`, are seen.
 *
 * @param {unknown[]} value
 */
function isDense(value) {
  for (let i = 0; i < value.length; i++)
    if (value[i] === undefined && !Object.hasOwn(value, i)) return false;
  return !('index' in value);
}

/**
 * A Map's entries, each of two values, or a Set's values.
 *
 * @param {number} tag
 * @param {Map<any, any> | Set<any>} value
 */
function putCollection(tag, value) {
  const pairs = tag === t.MAP;
  out[at++] = tag;
  const level = depth++;
  let i = 0;
  let left = value.size; // what a getter adds meanwhile is not part of it
  for (const item of value) {
    if (left-- === 0) break;
    path[level] = i++;
    if (pairs) put(item[0]);
    put(pairs ? item[1] : item);
  }
  putEnd();
  depth = level;
}

/** @param {ArrayBuffer} value */
function putBuffer(value) {
  if (value.resizable) refuse('resizable ArrayBuffer');
  let bytes;
  try {
    bytes = new Uint8Array(value);
  } catch {
    return refuse('detached ArrayBuffer');
  }
  out[at++] = t.BUFFER;
  putCount(bytes.length);
  reserve(bytes.length);
  out.set(bytes, at);
  at += bytes.length;
}

/** @param {any} value @param {string} type */
function putView(value, type) {
  const kind = t.VIEWS.indexOf(type);
  if (kind < 0 || !ArrayBuffer.isView(value)) refuse(type);
  out[at++] = t.VIEW;
  out[at++] = kind;
  put(value.buffer);
  reserve(16);
  putCount(value.byteOffset);
  putCount(/** @type {any} */ (value).length ?? value.byteLength);
}

/** @param {any} value @param {string} type */
function putBoxed(value, type) {
  const inner = value.valueOf();
  if (typeof inner !== type.toLowerCase()) refuse(type);
  out[at++] = t.BOXED;
  put(inner);
}

/**
 * More than a structured clone carries: the name, and the fields of its own. Those that cannot go are
 * left out, as there: an error is not to be hidden by what hangs on it.
 *
 * @param {any} value
 */
function putError(value) {
  out[at++] = t.ERROR;
  putString(String(value.name));
  const level = depth++;
  for (const key of new Set([...t.HIDDEN, ...Object.keys(value)])) {
    if (!Object.hasOwn(value, key) && key !== 'stack') continue;
    const [start, known] = [at, count];
    try {
      putString(key);
      put(value[key]);
    } catch {
      at = start;
      depth = level + 1;
      forget(known);
    }
  }
  putEnd();
  depth = level;
}

/** @param {string} type what is in the way @returns {never} */
function refuse(type) {
  const where = path.slice(0, Math.min(depth, SHOWN)).map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  const advice = type.includes('Buffer')
    ? 'send a copy of its bytes: slice() or unshared()'
    : 'leave it out, send what it holds as plain data, or post it where postMessage() takes it';
  throw new SluiceError(
    'clone',
    `the codec "value" does not carry value${where.join('')}${depth > SHOWN ? '…' : ''}, a ${type}: ${advice}`,
  );
}
