// Records that say who sent them, and whose every byte is known from that.
import * as sdk from '../conformance/sdk.js';

export const CODECS = /** @type {const} */ (['bytes', 'text', 'json', 'value', 'struct']);
/** @typedef {typeof CODECS[number]} CodecName */

const codecs = /** @type {Record<CodecName, () => import('sluice').Codec<any>>} */ ({
  bytes: () => sdk.bytes,
  text: () => sdk.text,
  json: sdk.json,
  value: () => sdk.value,
  struct: () => sdk.struct({ strand: 'u16', index: 'u32', sum: 'f64' }),
});

/** @param {CodecName} name */
export const codecOf = (name) => codecs[name]();

/** @param {number} length @param {number} strand @param {number} index */
function pattern(length, strand, index) {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 7 + (i >> 8) + strand * 13 + index * 31;
  return bytes;
}

/**
 * @param {CodecName} codec
 * @param {number} strand
 * @param {number} index
 * @param {number} size so many bytes beyond what it needs at least, about
 * @returns {any}
 */
export function makeValue(codec, strand, index, size) {
  if (codec === 'bytes') {
    const made = pattern(12 + size, strand, index);
    new Uint32Array(made.buffer, 0, 3).set([strand, index, size]);
    return made;
  }
  if (codec === 'text') return `${strand}:${index}:${size}:${'ü'.repeat(size >> 1)}`;
  if (codec === 'json') return { strand, index, size, pad: 'x'.repeat(size) };
  if (codec === 'value') return { strand, index, size, pad: pattern(size, strand, index) };
  return { strand, index, sum: strand + index / 1024 };
}

/**
 * @param {CodecName} codec
 * @param {any} value
 * @returns {{strand: number, index: number}} throws when it is not what such a sender made
 */
export function readValue(codec, value) {
  const made = origin(codec, value);
  const wanted = makeValue(codec, made.strand, made.index, made.size);
  const same =
    typeof value === 'object' && 'pad' in value && typeof value.pad === 'object'
      ? alike(value.pad, wanted.pad)
      : codec === 'bytes'
        ? alike(value, wanted)
        : JSON.stringify(value) === JSON.stringify(wanted);
  if (!same)
    throw new Error(`a ${codec} record is not what strand ${made.strand} sent as ${made.index}`);
  return made;
}

/** @param {CodecName} codec @param {any} value @returns {{strand: number, index: number, size: number}} */
function origin(codec, value) {
  if (codec === 'bytes') {
    const [strand, index, size] = new Uint32Array(value.slice(0, 12).buffer);
    return { strand, index, size };
  }
  if (codec === 'text') {
    const [strand, index, size] = value.split(':').map(Number);
    return { strand, index, size };
  }
  return { strand: value.strand, index: value.index, size: value.size ?? 0 };
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const alike = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
