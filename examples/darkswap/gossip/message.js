/** Messages as bytes: ../engine/README.md draws them. */

import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * @typedef {{
 *   network: number, side: number, nonce: number, timestamp: bigint, expiry: bigint, amount: bigint,
 *   price: bigint, maker: Uint8Array, base: Uint8Array, quote: Uint8Array, address: string,
 * }} NewOrder `maker`: the x-only output key; `base`, `quote`: assets as bytes
 * @typedef {{network: number, nonce: number, timestamp: bigint, order: Uint8Array, maker: Uint8Array}} CancelOrder
 *   `order`: its id
 * @typedef {CancelOrder & {amount: bigint, price: bigint, expiry: bigint}} UpdateOrder
 */

export const Kind = Object.freeze({ New: 1, Cancel: 2, Update: 3 });
export const MESSAGE_BYTES = Object.freeze({ 1: 272, 2: 144, 3: 168 });
export const SIGNATURE_BYTES = 64;
/** Of a message that is longer: the rest does not change that it is refused. */
export const KEPT_BYTES = 280;
const FORMAT_VERSION = 1;

const tagHash = sha256(utf8ToBytes('darkswap/message/v1'));

/** @param {Uint8Array} bytes */
const viewOf = ({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length);

/**
 * What all kinds begin with.
 *
 * @param {1 | 2 | 3} kind
 * @param {{network: number, nonce: number, timestamp: bigint}} of
 */
function begin(kind, { network, nonce, timestamp }) {
  const message = new Uint8Array(MESSAGE_BYTES[kind]);
  const view = viewOf(message);
  message.set([kind, FORMAT_VERSION, network]);
  view.setUint32(4, nonce, true);
  view.setBigUint64(8, timestamp, true);
  return { message, view };
}

/** Not signed yet: see sign(). @param {NewOrder} of */
export function newOrder(of) {
  const { message, view } = begin(Kind.New, of);
  message[3] = of.side;
  view.setBigUint64(16, of.expiry, true);
  view.setBigUint64(24, of.amount, true);
  view.setBigUint64(32, of.price, true);
  message.set(of.maker, 40);
  message.set(of.base, 72);
  message.set(of.quote, 104);
  message[136] = of.address.length;
  message.set(utf8ToBytes(of.address), 137);
  return message;
}

/** @param {CancelOrder} of */
export function cancelOrder(of) {
  const { message } = begin(Kind.Cancel, of);
  message.set(of.order, 16);
  message.set(of.maker, 48);
  return message;
}

/** @param {UpdateOrder} of */
export function updateOrder(of) {
  const { message, view } = begin(Kind.Update, of);
  message.set(of.order, 16);
  message.set(of.maker, 48);
  view.setBigUint64(80, of.amount, true);
  view.setBigUint64(88, of.price, true);
  view.setBigUint64(96, of.expiry, true);
  return message;
}

/** What is signed; of a NewOrder the order's id. @param {Uint8Array} message */
export function messageId(message) {
  const body = message.subarray(0, message.length - SIGNATURE_BYTES);
  return sha256.create().update(tagHash).update(tagHash).update(body).digest();
}

/**
 * Puts the signature at the message's end.
 *
 * @param {Uint8Array} message
 * @param {(id: Uint8Array) => Uint8Array} signer BIP-340, by the maker's key
 * @returns {Uint8Array} the message's id
 */
export function sign(message, signer) {
  const id = messageId(message);
  message.set(signer(id), message.length - SIGNATURE_BYTES);
  return id;
}

// ---- frames: how a message travels inside

export const FRAME_HEAD = 24;

/** Bytes of a frame around a message of so many. @param {number} length */
export const frameBytes = (length) => FRAME_HEAD + ((length + 7) & ~7);

/**
 * @param {DataView} view
 * @param {number} at
 * @param {{receipt: bigint, time: bigint, message: Uint8Array}} frame
 * @returns {number} where the next one begins
 */
export function writeFrame(view, at, { receipt, time, message }) {
  view.setBigUint64(at, receipt, true);
  view.setBigUint64(at + 8, time, true);
  view.setUint32(at + 16, message.length, true);
  view.setUint32(at + 20, 0, true);
  const end = at + frameBytes(message.length);
  const into = new Uint8Array(
    view.buffer,
    view.byteOffset + at + FRAME_HEAD,
    end - at - FRAME_HEAD,
  );
  into.fill(0, message.length);
  into.set(message);
  return end;
}

/**
 * The frames of a batch, one behind the other; `message` is a view of it.
 *
 * @param {Uint8Array} batch
 */
export function* frames(batch) {
  const view = viewOf(batch);
  for (let at = 0; at < batch.length; ) {
    const length = view.getUint32(at + 16, true);
    const from = at + FRAME_HEAD;
    yield {
      at,
      receipt: view.getBigUint64(at, true),
      time: view.getBigUint64(at + 8, true),
      message: batch.subarray(from, from + length),
    };
    at += frameBytes(length);
  }
}
