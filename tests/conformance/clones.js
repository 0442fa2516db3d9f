// Values of every kind that a structured clone carries, from a seed, and a strict comparison of them.
import { random } from './random.js';

/** @typedef {(below: number) => number} Random */

const VIEWS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];
const NUMBERS = [0, -0, 1, -1, 63, 64, 127, 128, 8191, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53];
const FLOATS = [0.1, -1.5, Number.NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308];
const TEXTS = [
  '',
  'a',
  'text',
  'é',
  '漢字',
  '😀',
  '\0',
  '\ud800',
  'x\udc00y',
  '\ufeffbom',
  '\uffff',
];
const KEYS = ['a', 'b', 'name', '', '0', '17', '漢', 'a key of more than twenty-four bytes', '😀'];

/**
 * A value with references among its parts, some of them in circles.
 *
 * @param {number} seed
 */
export function randomValue(seed) {
  const below = random(seed);
  /** @type {object[]} */
  const made = [];
  let left = 40;

  /** @template T @param {readonly T[]} list @returns {T} */
  const any = (list) => list[below(list.length)];
  /** @template {object} T @param {T} object */
  const keep = (object) => {
    made.push(object);
    return object;
  };
  const text = () => {
    const one = any(TEXTS);
    return below(4) ? one : one.repeat(below(60)) + any(TEXTS).repeat(below(60));
  };
  const number = () => {
    if (below(3)) return any(NUMBERS) * (below(2) ? 1 : -1);
    return below(2) ? any(FLOATS) : (below(2 ** 32) - 2 ** 31) / (below(3) || 1);
  };
  const bigint = () => {
    const size = BigInt(any([0, 1, 62, 63, 64, 65, 200]));
    return (below(2) ? 1n : -1n) * ((1n << size) - BigInt(below(2)));
  };
  const buffer = () => keep(new Uint8Array(8 * below(12)).map(() => below(256)).buffer);

  function view() {
    const known = made.filter((one) => one instanceof ArrayBuffer);
    const memory = known.length > 0 && below(2) ? any(known) : buffer();
    const View = /** @type {any} */ (any(VIEWS));
    const offset = memory.byteLength > 0 ? 8 * below(memory.byteLength / 8) : 0;
    const bytes = View.BYTES_PER_ELEMENT ?? 1;
    const length = below((memory.byteLength - offset) / bytes + 1);
    return keep(new View(memory, offset, length));
  }

  /** @param {any} target */
  function fill(target) {
    for (let i = below(5); i > 0; i--) target[any(KEYS)] = value();
    return target;
  }

  function array() {
    /** @type {any} */
    const list = keep([]);
    for (let i = below(6); i > 0; i--) list.push(value());
    if (below(4) === 0) {
      if (below(2)) fill(list);
      list.length += 1 + below(3); // a hole at least: names are lost without one
    }
    return list;
  }

  /** @type {(() => unknown)[]} */
  const kinds = [
    () => undefined,
    () => null,
    () => below(2) === 1,
    number,
    number,
    bigint,
    text,
    text,
    () => keep(new Date(below(3) ? number() : Number.NaN)),
    () => keep(new RegExp(any(['a', '(?<x>b)+', '/', '漢']), any(['', 'g', 'giu', 'msy']))),
    () => keep(Object(any([true, -0, 'boxed', 5n]))),
    buffer,
    view,
    array,
    array,
    () => fill(keep({})),
    () => fill(keep({})),
    () => fill(keep(new (class Point {})())),
    () => {
      const map = keep(new Map());
      for (let i = below(5); i > 0; i--) map.set(value(), value());
      return map;
    },
    () => {
      const set = keep(new Set());
      for (let i = below(5); i > 0; i--) set.add(value());
      return set;
    },
  ];

  /** @returns {unknown} */
  function value() {
    if (made.length > 0 && below(8) === 0) return any(made);
    return left-- > 0 ? any(kinds)() : number();
  }
  return value();
}

/** @param {unknown} value @returns {string} */
const typeOf = (value) => Object.prototype.toString.call(value);

/**
 * Where two values differ, in type, contents, order, holes or in which parts are one and the same.
 *
 * @param {any} one
 * @param {any} other
 * @param {(object: object) => boolean} [identity] for which objects it is looked whether they are one
 *   and the same where their counterparts are
 * @param {string} [path]
 * @param {Map<unknown, unknown>} [pairs] the objects compared, with their counterparts
 * @returns {string | undefined} undefined: nowhere
 */
export function difference(one, other, identity = () => true, path = 'value', pairs = new Map()) {
  if (Object.is(one, other)) return typeof one === 'object' && one ? `${path}: no copy` : undefined;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other)
    return `${path}: ${String(one)} and ${String(other)}`;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return `${path}: prototypes`;
  if (typeOf(one) !== typeOf(other)) return `${path}: ${typeOf(one)} and ${typeOf(other)}`;
  if (identity(one)) {
    if (pairs.has(one) || pairs.has(other))
      return pairs.get(one) === other ? undefined : `${path}: references to other objects`;
    pairs.set(one, other).set(other, one);
  }
  const [parts, others] = [partsOf(one), partsOf(other)];
  if (parts.length !== others.length) return `${path}: ${parts.length} and ${others.length} parts`;
  for (let i = 0; i < parts.length; i++) {
    const found = difference(parts[i], others[i], identity, `${path}/${i}`, pairs);
    if (found) return found;
  }
  return undefined;
}

/** @param {any} value @returns {unknown[]} all that there is to it, in order */
function partsOf(value) {
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (ArrayBuffer.isView(value))
    return [value.buffer, value.byteOffset, value.byteLength, /** @type {any} */ (value).length];
  if (value instanceof Date) return [value.getTime()];
  if (value instanceof RegExp) return [value.source, value.flags, value.lastIndex];
  if (value instanceof Map) return [...value].flat(1);
  if (value instanceof Set) return [...value];
  if (/Number|Boolean|String|BigInt/.test(typeOf(value))) return [value.valueOf()];
  const parts = Object.keys(value).flatMap((key) => [key, value[key]]);
  return Array.isArray(value) ? [value.length, ...parts] : parts;
}
