/** Bytes into values. Any bytes end in a value or in an error: they may have been overwritten. */

import { SluiceError } from '../errors.js';
import { classOf } from '../plain-errors.js';
import { copyOf, readUtf8 } from '../utf8.js';
import * as t from './tags.js';

let at = 0;
let end = 0;
let depth = 0;

/** The objects read, by number, and how many; an undefined one is being made. @type {unknown[]} */
let objects = [];
let count = 0;
/** A list of so many objects is kept, empty, for the next value: it would grow anew for each. */
const KEPT = 16;

/**
 * Keys read lately, each where its characters lead: most are met again, and then make no new string.
 *
 * @type {string[]}
 */
const keys = [];
const KEYS = 256;
const LONGEST_KEY = 24;

/**
 * @param {Uint8Array} from
 * @param {number} offset
 * @param {number} length
 * @param {boolean} [isList] an array's items, and not the array
 */
export function read(from, offset, length, isList) {
  at = offset;
  end = offset + length;
  try {
    const value = isList ? getList(from) : get(from);
    return at === end ? value : fail();
  } catch (cause) {
    // Found here, by a constructor, or by the stack. No sender writes such a record: the fault is in
    // the memory and not in a value, hence the code.
    throw new SluiceError(
      'poisoned',
      'a record for the codec "value" was overwritten, or written without that codec',
      { cause },
    );
  } finally {
    depth = 0;
    if (count > KEPT) objects = [];
    else while (count > 0) objects[--count] = undefined;
    count = 0;
  }
}

/** The items of an array that write() wrote as a list. @param {Uint8Array} from @param {number} offset @param {number} length */
export const readList = (from, offset, length) =>
  /** @type {unknown[]} */ (read(from, offset, length, true));

/** @returns {never} */
function fail() {
  throw new RangeError(`no value goes on like this, ${end - at} bytes from its end`);
}

/** Makes sure of so many bytes; gives the place before them. @param {number} bytes */
function take(bytes) {
  const start = at;
  if (bytes > end - start) fail();
  at = start + bytes;
  return start;
}

/** @param {Uint8Array} from */
function getCount(from) {
  if (at < end && from[at] < 128) return from[at++];
  let result = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = from[take(1)];
    result |= (byte & 127) << shift;
    if (byte < 128) return result >>> 0;
  }
  return fail();
}

/** @param {Uint8Array} from */
function getFloat(from) {
  const start = take(8);
  for (let i = 0; i < 8; i++) t.word[i] = from[start + i];
  return t.float[0];
}

/** @param {Uint8Array} from @param {number} [head] */
function getString(from, head = getCount(from)) {
  const length = head >>> 1;
  const start = take(length);
  if ((head & 1) === 0) return readUtf8(from, start, length);
  let result = '';
  for (let i = start; i < at; i += 2) result += String.fromCharCode(from[i] | (from[i + 1] << 8));
  return result;
}

/** @param {Uint8Array} from @returns {string | undefined} undefined: the end of the properties */
function getKey(from) {
  const head = getCount(from);
  if (head === t.END) return undefined;
  const length = head >>> 1;
  if (head & 1 || length > LONGEST_KEY) return getString(from, head);
  const start = take(length);
  let place = length;
  for (let i = start; i < at; i++) place = (place * 31 + from[i]) % KEYS;
  const known = keys[place];
  if (known?.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === from[start + i]) i++;
    if (i === length) return known;
  }
  const key = readUtf8(from, start, length);
  if (key.length === length) keys[place] = key;
  return key;
}

/** @param {Uint8Array} from @returns {unknown} */
function get(from) {
  const tag = at < end ? from[at++] : fail();
  switch (tag) {
    case t.INTEGER: {
      const zigzag = getCount(from);
      return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    case t.STRING:
      return getString(from);
    case t.NUMBER:
      return getFloat(from);
    case t.TRUE:
      return true;
    case t.FALSE:
      return false;
    case t.NULL:
      return null;
    case t.UNDEFINED:
      return undefined;
    case t.BIGINT:
      getFloat(from);
      return t.integer[0];
    case t.LONG_BIGINT: {
      const digits = getString(from);
      return digits[0] === '-' ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
    }
    case t.REFERENCE:
      return objects[getCount(from)] ?? fail();
  }
  if (depth++ === t.DEEPEST) fail();
  const value = getObject(from, tag);
  depth--;
  return value;
}

/**
 * Gives an object its number.
 *
 * @template T
 * @param {T} value
 * @param {number} [number]
 */
const known = (value, number = count++) => {
  objects[number] = value;
  return value;
};

/** @param {Uint8Array} from @param {number} tag */
function getObject(from, tag) {
  switch (tag) {
    case t.OBJECT:
      return getProperties(from, known({}), true);
    case t.ARRAY:
      return getArray(from);
    case t.SPARSE:
      return getSparse(from);
    case t.MAP: {
      const map = known(new Map());
      while (!ends(from)) map.set(get(from), get(from));
      return map;
    }
    case t.SET: {
      const set = known(new Set());
      while (!ends(from)) set.add(get(from));
      return set;
    }
    case t.DATE:
      return known(new Date(getFloat(from)));
    case t.REGEXP:
      return known(new RegExp(getString(from), getString(from)));
    case t.BUFFER:
      return known(getBytes(from, getCount(from)));
    case t.VIEW:
      return getView(from);
    case t.ERROR:
      return getError(from);
    case t.EXCEPTION:
      return known(new DOMException(getString(from), getString(from)));
    case t.BOXED:
      return getBoxed(from);
  }
  return fail();
}

/** @param {Uint8Array} from */
function ends(from) {
  if (from[take(1)] === t.END) return true;
  at--;
  return false;
}

/** @param {Uint8Array} from @param {any} value @param {boolean} [plain] */
function getProperties(from, value, plain) {
  for (let key = getKey(from); key !== undefined; key = getKey(from)) {
    if (plain && key !== '__proto__') value[key] = get(from);
    else define(value, key, get(from));
  }
  return value;
}

/** @param {Uint8Array} from */
function getArray(from) {
  /** @type {unknown[]} */
  const value = known([]);
  // Item by item: a wrong count ends where the bytes do.
  for (let count = getCount(from); count > 0; count--) value.push(get(from));
  return value;
}

/** @param {Uint8Array} from @returns {unknown[]} */
function getList(from) {
  const count = getCount(from);
  // Most are short. An array that grows has room for sixteen.
  if (count === 0) return [];
  if (count === 1) return [get(from)];
  if (count === 2) return [get(from), get(from)];
  const list = [];
  for (let left = count; left > 0; left--) list.push(get(from));
  return list;
}

/** @param {Uint8Array} from */
function getSparse(from) {
  const length = getCount(from);
  const value = getProperties(from, known([]));
  if (length > value.length) {
    // An element far out makes a table of the array, where its length alone would allocate it.
    value[length - 1] = 0;
    delete value[length - 1];
  }
  return value;
}

/** @param {Uint8Array} from @param {number} length */
const getBytes = (from, length) => copyOf(from, take(length), length).buffer;

/** @param {Uint8Array} from */
function getView(from) {
  const number = count++;
  const type = /** @type {any} */ (globalThis)[t.VIEWS[from[take(1)]]];
  const buffer = get(from);
  if (!(buffer instanceof ArrayBuffer)) fail(); // a number would be a length
  return known(new type(buffer, getCount(from), getCount(from)), number);
}

/** @param {Uint8Array} from */
function getBoxed(from) {
  const number = count++;
  const inner = get(from);
  return known(inner === Object(inner) ? fail() : Object(inner), number);
}

/** @param {Uint8Array} from */
function getError(from) {
  const name = getString(from);
  const error = known(
    name === 'SluiceError' ? new SluiceError('clone', '') : new (classOf(name))(),
  );
  if (error.name !== name) define(error, 'name', name, true);
  return getProperties(from, error);
}

/**
 * An assignment would find setters, and the prototype behind `__proto__`.
 *
 * @param {object} target @param {string} key @param {unknown} value
 */
function define(target, key, value, hidden = target instanceof Error && t.HIDDEN.includes(key)) {
  const attributes = { enumerable: !hidden, writable: true, configurable: true };
  Object.defineProperty(target, key, { value, ...attributes });
}
