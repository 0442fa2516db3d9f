/**
 * How values become bytes.
 *
 * @template T
 * @typedef {{
 *   readonly id: string,
 *   readonly fixed?: number,
 *   size(value: T): number,
 *   encode(value: T, into: Uint8Array, offset: number): number,
 *   decode(from: Uint8Array, offset: number, length: number): T,
 * }} Codec `fixed`: what each value takes, where that is the same for all, which makes cells faster.
 *   `size` may be more than `encode` then writes and returns; `decode` copies what it keeps.
 *   `into` and `from` may be shared memory, which TextDecoder, crypto and others refuse.
 */

import { readUtf8, utf8Length, writeUtf8 } from './utf8.js';

/** @param {any} codec */
export function requireCodec(codec) {
  for (const method of ['size', 'encode', 'decode']) {
    if (typeof codec?.[method] !== 'function' || typeof codec.id !== 'string') {
      throw new TypeError('a codec has an id, size(), encode() and decode()');
    }
  }
}

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
  size(value) {
    if (typeof value !== 'string') {
      throw new TypeError(`the codec "text" sends a string, not ${describe(value)}`);
    }
    return utf8Length(value);
  },
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
