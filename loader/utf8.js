/** UTF-8 into and out of memory that may be shared, which TextEncoder and TextDecoder refuse. */

/** Up to so many characters a loop is faster than TextEncoder and a copy. */
const SHORT_TEXT = 48;
/** Up to so many bytes a loop is faster than TextDecoder and a copy. */
const SHORT_BYTES = 24;
/** Made when they are first used: not every place that imports this has them.
 * @type {Pick<TextEncoder, 'encode' | 'encodeInto'> | undefined} */
let encoding;
/** @type {Pick<TextDecoder, 'decode'> | undefined} */
let decoding;
const scratch = /* @__PURE__ */ new Uint8Array(256);

export function encoder() {
  encoding ??= new TextEncoder();
  return encoding;
}

export function decoder() {
  decoding ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoding;
}

/** In their place, where there are none. @param {typeof encoding} encoder @param {typeof decoding} decoder */
export function useInstead(encoder, decoder) {
  encoding = encoder;
  decoding = decoder;
}

/** @param {string} value */
export function utf8Length(value) {
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

/**
 * Lone surrogates become U+FFFD.
 *
 * @param {string} value @param {Uint8Array} into @param {number} offset
 */
export function writeUtf8(value, into, offset) {
  if (value.length <= SHORT_TEXT && writeAscii(value, into, offset)) return value.length;
  const encoded = encoder().encode(value);
  into.set(encoded, offset);
  return encoded.length;
}

/**
 * @param {string} value @param {Uint8Array} into @param {number} offset
 * @returns {boolean} false: it is not ASCII
 */
export function writeAscii(value, into, offset) {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit >= 0x80) return false;
    into[offset + i] = unit;
  }
  return true;
}

/** @param {Uint8Array} from @param {number} offset @param {number} length */
export function readUtf8(from, offset, length) {
  if (length <= SHORT_BYTES) {
    let result = '';
    let i = 0;
    for (; i < length; i++) {
      const byte = from[offset + i];
      if (byte >= 0x80) break;
      result += String.fromCharCode(byte);
    }
    if (i === length) return result;
  }
  // decode() takes no shared memory.
  if (length > scratch.length) return decoder().decode(copyOf(from, offset, length));
  for (let i = 0; i < length; i++) scratch[i] = from[offset + i];
  return decoder().decode(scratch.subarray(0, length));
}

/**
 * A copy that is not shared; slice() would be none for a Buffer of Node.
 *
 * @param {Uint8Array} from @param {number} offset @param {number} length
 */
export function copyOf(from, offset, length) {
  const copy = new Uint8Array(length);
  copy.set(from.subarray(offset, offset + length));
  return copy;
}
