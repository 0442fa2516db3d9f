/**
 * How values become bytes.
 *
 * @template T
 * @typedef {{
 *   readonly id: string,
 *   size(value: T): number,
 *   encode(value: T, into: Uint8Array, offset: number): number,
 *   decode(from: Uint8Array, offset: number, length: number): T,
 * }} Codec `size` may be more than `encode` then writes and returns; `decode` copies what it keeps.
 *   `into` and `from` may be shared memory, which TextDecoder, crypto and others refuse.
 */

/** Bytes as they are; a receiver gets a copy of its own. @type {Codec<Uint8Array>} */
export const bytes = {
  id: 'bytes',
  size(value) {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`the codec "bytes" sends a Uint8Array, not ${describe(value)}`);
    }
    return value.length;
  },
  encode(value, into, offset) {
    into.set(value, offset);
    return value.length;
  },
  decode: (from, offset, length) => from.slice(offset, offset + length),
};

/** Strings as UTF-8; lone surrogates become U+FFFD. @type {Codec<string>} */
export const text = {
  id: 'text',
  size: utf8Length,
  encode: writeUtf8,
  decode: readUtf8,
};

/**
 * Whatever JSON carries.
 *
 * @template T
 * @returns {Codec<T>}
 */
export function json() {
  let last = '';
  return {
    id: 'json',
    size(value) {
      const written = JSON.stringify(value);
      if (written === undefined) throw new TypeError(`JSON does not carry ${describe(value)}`);
      last = written;
      return utf8Length(written);
    },
    encode: (_value, into, offset) => writeUtf8(last, into, offset),
    decode: (from, offset, length) => JSON.parse(readUtf8(from, offset, length)),
  };
}

/** @param {unknown} value */
const describe = (value) =>
  value === null ? 'null' : typeof value === 'object' ? value.constructor?.name : typeof value;

/** @param {string} value */
function utf8Length(value) {
  if (typeof value !== 'string') {
    throw new TypeError(`the codec "text" sends a string, not ${describe(value)}`);
  }
  let length = value.length;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes.
    if (unit >= 0xd800 && unit < 0xdc00 && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return length;
}

/** Below this a loop is faster than a call of TextEncoder and a copy. */
const SHORT = 48;
const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/** @param {string} value @param {Uint8Array} into @param {number} offset */
function writeUtf8(value, into, offset) {
  if (value.length <= SHORT) {
    let i = 0;
    for (; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) break;
      into[offset + i] = unit;
    }
    if (i === value.length) return i;
  }
  const encoded = encoder.encode(value);
  into.set(encoded, offset);
  return encoded.length;
}

/** @param {Uint8Array} from @param {number} offset @param {number} length */
function readUtf8(from, offset, length) {
  if (length <= SHORT) {
    let result = '';
    let i = 0;
    for (; i < length; i++) {
      const byte = from[offset + i];
      if (byte >= 0x80) break;
      result += String.fromCharCode(byte);
    }
    if (i === length) return result;
  }
  const copy = new Uint8Array(length); // decode() takes no shared memory
  copy.set(from.subarray(offset, offset + length));
  return decoder.decode(copy);
}
