/**
 * Records of one layout, as a C struct has it: named numbers in the order given, each aligned to its
 * size, little endian, the whole padded to the largest alignment. Padding is zero.
 *
 * @typedef {'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64' | 'u64' | 'i64'} Scalar
 */

/** @template {Scalar} K @typedef {K extends 'u64' | 'i64' ? bigint : number} ScalarValue */

/**
 * @template {Record<string, Scalar>} S
 * @typedef {import('./codec.js').Codec<{-readonly [K in keyof S]: ScalarValue<S[K]>}> & {
 *   readonly at: {readonly [K in keyof S]: (view: DataView, offset: number) => ScalarValue<S[K]>},
 * }} Struct `at`: for each field, a function that reads it of the record at `offset`, without garbage
 */

import { SluiceError } from './errors.js';

/** @typedef {(view: DataView, offset: number) => any} Read */
/** @typedef {(view: DataView, offset: number, value: any) => void} Write */
/**
 * Accessors of a field at `p`: a closure of its own for each, which an engine can inline.
 *
 * @type {() => Readonly<Record<string, [(p: number) => Read, (p: number) => Write]>>}
 */
const accessors = () => ({
  u8: [(p) => (v, o) => v.getUint8(o + p), (p) => (v, o, x) => v.setUint8(o + p, x)],
  i8: [(p) => (v, o) => v.getInt8(o + p), (p) => (v, o, x) => v.setInt8(o + p, x)],
  u16: [(p) => (v, o) => v.getUint16(o + p, true), (p) => (v, o, x) => v.setUint16(o + p, x, true)],
  i16: [(p) => (v, o) => v.getInt16(o + p, true), (p) => (v, o, x) => v.setInt16(o + p, x, true)],
  u32: [(p) => (v, o) => v.getUint32(o + p, true), (p) => (v, o, x) => v.setUint32(o + p, x, true)],
  i32: [(p) => (v, o) => v.getInt32(o + p, true), (p) => (v, o, x) => v.setInt32(o + p, x, true)],
  f32: [
    (p) => (v, o) => v.getFloat32(o + p, true),
    (p) => (v, o, x) => v.setFloat32(o + p, x, true),
  ],
  f64: [
    (p) => (v, o) => v.getFloat64(o + p, true),
    (p) => (v, o, x) => v.setFloat64(o + p, x, true),
  ],
  u64: [
    (p) => (v, o) => v.getBigUint64(o + p, true),
    (p) => (v, o, x) => v.setBigUint64(o + p, x, true),
  ],
  i64: [
    (p) => (v, o) => v.getBigInt64(o + p, true),
    (p) => (v, o, x) => v.setBigInt64(o + p, x, true),
  ],
});

/** @param {string} kind u, i or f @param {number} bits @returns {(value: any) => boolean} */
function ranges(kind, bits) {
  if (kind === 'f') return (value) => typeof value === 'number';
  if (bits === 64) {
    const wrap = kind === 'u' ? BigInt.asUintN : BigInt.asIntN;
    return (value) => typeof value === 'bigint' && wrap(64, value) === value;
  }
  const from = kind === 'u' ? 0 : -(2 ** (bits - 1));
  const to = from + 2 ** bits;
  return (value) => Number.isInteger(value) && value >= from && value < to;
}

/**
 * @template {Record<string, Scalar>} const S
 * @param {S} shape the fields, in their order in memory
 * @returns {Struct<S>}
 */
export function struct(shape) {
  const { fields, bytes } = layOut(shape);
  const id = `struct{${fields.map(({ name, type }) => `${type} ${JSON.stringify(name)}`)}}`;
  // One record of private memory: the real one may be shared, and needs a DataView for each memory.
  const record = new Uint8Array(bytes);
  const view = new DataView(record.buffer);
  return /** @type {any} */ ({
    id,
    at: Object.fromEntries(fields.map(({ name, read }) => [name, read])),
    fixed: bytes,
    size: () => bytes,

    /** @param {any} value @param {Uint8Array} into @param {number} offset */
    encode(value, into, offset) {
      for (const { name, type, takes, write } of fields) {
        const one = value[name];
        if (!takes(one)) {
          throw new TypeError(
            `the field "${name}" of a struct is ${type}, which ${show(one)} is not`,
          );
        }
        write(view, 0, one);
      }
      into.set(record, offset);
      return bytes;
    },

    /** @param {Uint8Array} from @param {number} offset @param {number} length */
    decode(from, offset, length) {
      if (length !== bytes) {
        throw new SluiceError(
          'poisoned',
          `a record for ${id} has ${length} bytes, not ${bytes}: it was overwritten, or written without that codec`,
        );
      }
      for (let i = 0; i < bytes; i++) record[i] = from[offset + i];
      /** @type {Record<string, unknown>} */
      const value = {};
      for (const { name, read } of fields) value[name] = read(view, 0);
      return value;
    },
  });
}

/** @param {Record<string, Scalar>} shape */
function layOut(shape) {
  const known = accessors();
  let bytes = 0;
  let largest = 0;
  const fields = Object.entries(shape ?? {}).map(([name, type]) => {
    if (!Object.hasOwn(known, type) || name === '__proto__') {
      throw new TypeError(
        `the field "${name}" of a struct is one of ${Object.keys(known)}, not ${show(type)}`,
      );
    }
    const bits = Number(type.slice(1));
    const size = bits / 8;
    const place = Math.ceil(bytes / size) * size;
    bytes = place + size;
    largest = Math.max(largest, size);
    const [reader, writer] = known[type];
    return { name, type, takes: ranges(type[0], bits), read: reader(place), write: writer(place) };
  });
  if (bytes === 0) {
    throw new TypeError(`a struct has fields, as {x: "f64"}, which ${show(shape)} has not`);
  }
  return { fields, bytes: Math.ceil(bytes / largest) * largest };
}

/** @param {unknown} value */
const show = (value) =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
