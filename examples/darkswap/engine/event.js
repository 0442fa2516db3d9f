/** Events as the engine writes them: README.md beside this file draws the record. */

/**
 * @typedef {{
 *   kind: number, code: number, side: number, network: number, number: bigint, receipt: bigint,
 *   time: bigint, amount: bigint, price: bigint, remaining: bigint, otherRemaining: bigint,
 *   id: Uint8Array, other: Uint8Array, base: Uint8Array, quote: Uint8Array, timestamp: bigint,
 *   expiry: bigint,
 * }} EngineEvent its bytes are copies
 */

export const EVENT_BYTES = 224;

export const EventKind = Object.freeze({
  Created: 1,
  Cancelled: 2,
  Expired: 3,
  Trade: 4,
  Updated: 5,
  Rejected: 6,
});

/** By the number that an event's `code` has; the engine's functions return it negative. */
export const Code = Object.freeze({
  Length: 1,
  Format: 2,
  Network: 3,
  Amount: 4,
  Overflow: 5,
  Expired: 6,
  Address: 7,
  Signature: 8,
  Replay: 9,
  Unknown: 10,
  NotMaker: 11,
  Closed: 12,
  Stale: 13,
  Full: 14,
  Argument: 15,
  Again: 16,
  Psbt: 17,
  SelfTrade: 18,
});

/**
 * @param {Uint8Array} memory
 * @param {number} [at]
 * @returns {EngineEvent}
 */
export function decodeEvent(memory, at = 0) {
  const view = new DataView(memory.buffer, memory.byteOffset + at, EVENT_BYTES);
  /** @param {number} from */
  const bytes = (from) => memory.slice(at + from, at + from + 32);
  return {
    kind: view.getUint16(0, true),
    code: view.getUint16(2, true),
    side: view.getUint8(4),
    network: view.getUint8(5),
    number: view.getBigUint64(8, true),
    receipt: view.getBigUint64(16, true),
    time: view.getBigUint64(24, true),
    amount: view.getBigUint64(32, true),
    price: view.getBigUint64(40, true),
    remaining: view.getBigUint64(48, true),
    otherRemaining: view.getBigUint64(56, true),
    id: bytes(64),
    other: bytes(96),
    base: bytes(128),
    quote: bytes(160),
    timestamp: view.getBigUint64(192, true),
    expiry: view.getBigUint64(200, true),
  };
}

/** Where each record of several begins. @param {number} offset @param {number} length */
export function* eventsIn(offset, length) {
  for (let at = offset; at < offset + length; at += EVENT_BYTES) yield at;
}

/** The code of a message that was rejected; else 0. @param {Uint8Array} memory @param {number} at */
export const rejectionOf = (memory, at) => (memory[at] === EventKind.Rejected ? memory[at + 2] : 0);

/**
 * @param {Partial<EngineEvent>} event what is not there is zero
 * @returns {Uint8Array}
 */
export function encodeEvent(event) {
  const record = new Uint8Array(EVENT_BYTES);
  const view = new DataView(record.buffer);
  view.setUint16(0, event.kind ?? 0, true);
  view.setUint16(2, event.code ?? 0, true);
  view.setUint8(4, event.side ?? 0);
  view.setUint8(5, event.network ?? 0);
  const { number, receipt, time, amount, price, remaining, otherRemaining } = event;
  [number, receipt, time, amount, price, remaining, otherRemaining].forEach((word, i) => {
    view.setBigUint64(8 + 8 * i, word ?? 0n, true);
  });
  const { id, other, base, quote } = event;
  [id, other, base, quote].forEach((bytes, i) => {
    if (bytes) record.set(bytes, 64 + 32 * i);
  });
  view.setBigUint64(192, event.timestamp ?? 0n, true);
  view.setBigUint64(200, event.expiry ?? 0n, true);
  return record;
}
