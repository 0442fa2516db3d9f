/** What can be said of a message without a book: the engine's ds_verify again, to be read beside
 * ../engine/README.md. Slow, and by other libraries. */

import { bech32m } from '@scure/base';
import { Code } from '../engine/event.js';
import { Kind, MESSAGE_BYTES, messageId } from '../gossip/message.js';

const U64_MAX = 2n ** 64n - 1n;
const PREFIX = ['bc', 'tb', 'bcrt', 'tb'];

/** @typedef {(id: Uint8Array, key: Uint8Array, signature: Uint8Array) => boolean} VerifySignature BIP-340 */

/** @param {Uint8Array} bytes */
const allZero = (bytes) => bytes.every((byte) => byte === 0);

/** @param {Uint8Array} asset */
function isAsset(asset) {
  const [type, length] = asset;
  const id = asset.subarray(2, 2 + length);
  return (
    type <= 2 &&
    (type === 0 ? length === 0 : length >= 1 && length <= 30) &&
    id.every((byte) => byte >= 0x21 && byte <= 0x7e) &&
    allZero(asset.subarray(2 + length))
  );
}

/** The fields of a message whose length is right. @param {Uint8Array} message */
export function parse(message) {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  /** @param {number} at */
  const u64 = (at) => view.getBigUint64(at, true);
  /** @param {number} at */
  const bytes = (at) => message.slice(at, at + 32);
  const [kind, version, network, side] = message;
  const common = { kind, version, network, side, timestamp: u64(8) };
  const none = new Uint8Array(32);
  if (kind === Kind.New) {
    return {
      ...common,
      order: none,
      expiry: u64(16),
      amount: u64(24),
      price: u64(32),
      maker: bytes(40),
      base: bytes(72),
      quote: bytes(104),
    };
  }
  const update = kind === Kind.Update;
  return {
    ...common,
    order: bytes(16),
    maker: bytes(48),
    amount: update ? u64(80) : 0n,
    price: update ? u64(88) : 0n,
    expiry: update ? u64(96) : 0n,
    base: none,
    quote: none,
  };
}

/** @param {Uint8Array} message @returns {number} 0, Code.Length or Code.Format */
function shape(message) {
  const kind = /** @type {1 | 2 | 3} */ (message[0]);
  if (message.length === 0 || message.length > 272) return Code.Length;
  if (!MESSAGE_BYTES[kind]) return Code.Format;
  if (message.length !== MESSAGE_BYTES[kind]) return Code.Length;
  const { version, side, base, quote } = parse(message);
  if (version !== 1) return Code.Format;
  if (kind !== Kind.New) return side === 0 ? 0 : Code.Format;
  const same = base.every((byte, i) => byte === quote[i]);
  const length = message[136];
  const fits = length <= 71 && allZero(message.subarray(137 + length, 208));
  return side <= 1 && isAsset(base) && isAsset(quote) && !same && fits ? 0 : Code.Format;
}

/** @param {Uint8Array} message @param {Uint8Array} key @param {number} network */
function hasAddress(message, key, network) {
  const text = String.fromCharCode(...message.subarray(137, 137 + message[136]));
  return text === bech32m.encode(PREFIX[network], [1, ...bech32m.toWords(key)]);
}

/**
 * @param {Uint8Array} message
 * @param {bigint} now
 * @param {number} network
 * @param {VerifySignature} verifySignature
 * @returns {{code: number, id: Uint8Array}} `code`: 0, or positive
 */
export function check(message, now, network, verifySignature) {
  const wrong = shape(message);
  if (wrong) return { code: wrong, id: new Uint8Array(32) };
  const id = messageId(message);
  /** @param {number} code */
  const verdict = (code) => ({ code, id });
  const is = parse(message);
  if (is.network !== network) return verdict(Code.Network);
  if (is.kind !== Kind.Cancel) {
    if (is.amount === 0n || is.price === 0n) return verdict(Code.Amount);
    if (is.amount * is.price > U64_MAX) return verdict(Code.Overflow);
    if (is.expiry <= is.timestamp || is.expiry <= now) return verdict(Code.Expired);
  }
  if (is.kind === Kind.New && !hasAddress(message, is.maker, network)) return verdict(Code.Address);
  const signed = verifySignature(id, is.maker, message.subarray(message.length - 64));
  return verdict(signed ? 0 : Code.Signature);
}
