/**
 * What the codec "value" writes. A value is a tag and what follows it; counts and small integers are
 * varints of 7 bits a byte, the low ones first. A call's arguments are a list: a count and the values,
 * without a tag.
 *
 *     UNDEFINED NULL FALSE TRUE
 *     INTEGER     zigzag varint
 *     NUMBER      8 bytes, little endian
 *     BIGINT      8 bytes, signed            LONG_BIGINT  a string of hexadecimal digits
 *     STRING      string: varint of (bytes * 2 + wide), then UTF-8, or UTF-16 where wide
 *
 * Each of the following has a number, in the order in which they begin, that a REFERENCE names:
 *
 *     OBJECT      properties: (string, value)*, END
 *     ARRAY       count, value*              SPARSE       length, properties
 *     MAP         (value, value)*, END       SET          value*, END
 *     DATE        8 bytes                    REGEXP       string, string
 *     BOXED       value
 *     BUFFER      count, bytes
 *     VIEW        index in VIEWS, buffer, byte offset, length in elements
 *     ERROR       string: its name; properties
 *     EXCEPTION   a DOMException: message, name
 *     REFERENCE   number
 */

export const UNDEFINED = 0;
/** Ends a list. As the head of a string: one that is wide and empty, which there is not. */
export const END = 1;
export const NULL = 2;
export const FALSE = 3;
export const TRUE = 4;
export const INTEGER = 5;
export const NUMBER = 6;
export const BIGINT = 7;
export const LONG_BIGINT = 8;
export const STRING = 9;
export const OBJECT = 10;
export const ARRAY = 11;
export const SPARSE = 12;
export const MAP = 13;
export const SET = 14;
export const DATE = 15;
export const REGEXP = 16;
export const BOXED = 17;
export const BUFFER = 18;
export const VIEW = 19;
export const ERROR = 20;
export const EXCEPTION = 21;
export const REFERENCE = 22;

export const VIEWS = [
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Float16Array',
];

/** An error's own properties that an enumeration does not show. */
export const HIDDEN = ['message', 'stack', 'cause', 'errors'];

/** Levels of nesting: the stack of every thread has room for so many. */
export const DEEPEST = 1000;

/** Eight bytes as each of the numbers that they may be. Every engine is little endian. */
const eight = /* @__PURE__ */ new ArrayBuffer(8);
export const word = /* @__PURE__ */ new Uint8Array(eight);
export const float = /* @__PURE__ */ new Float64Array(eight);
export const integer = /* @__PURE__ */ new BigInt64Array(eight);
