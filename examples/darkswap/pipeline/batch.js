/**
 * What the intake and the matcher tell each other.
 *
 * A batch: f64 when it was taken in (latency.js), u64 its time, u32 count, u32 zero, `count` verdicts,
 * their frames. One without messages is a look at the clock: what has expired ends.
 *
 * An answer, one to each batch: f64 milliseconds from receipt to events, and a byte for each message: its code, 0
 * where the book took it.
 */

import { VERDICT_BYTES } from '../engine/book.js';

const HEAD = 24;
const ANSWER_HEAD = 8;

/**
 * @typedef {{taken: number, time: bigint, count: number, verdicts: Uint8Array, frames: Uint8Array}} Batch
 * @typedef {{ms: number, codes: Uint8Array}} Answer
 */

/** @param {Batch} batch */
export function writeBatch({ taken, time, count, verdicts, frames }) {
  const record = new Uint8Array(HEAD + verdicts.length + frames.length);
  const view = new DataView(record.buffer);
  view.setFloat64(0, taken, true);
  view.setBigUint64(8, time, true);
  view.setUint32(16, count, true);
  record.set(verdicts, HEAD);
  record.set(frames, HEAD + verdicts.length);
  return record;
}

/** Views of it. @param {Uint8Array} memory @param {number} offset @param {number} length @returns {Batch} */
export function readBatch(memory, offset, length) {
  const view = new DataView(memory.buffer, memory.byteOffset + offset, length);
  const count = view.getUint32(16, true);
  const frames = offset + HEAD + count * VERDICT_BYTES;
  return {
    taken: view.getFloat64(0, true),
    time: view.getBigUint64(8, true),
    count,
    verdicts: memory.subarray(offset + HEAD, frames),
    frames: memory.subarray(frames, offset + length),
  };
}

/** @param {{ms: number, codes: number[]}} answer */
export function writeAnswer({ ms, codes }) {
  const record = new Uint8Array(ANSWER_HEAD + codes.length);
  new DataView(record.buffer).setFloat64(0, ms, true);
  record.set(codes, ANSWER_HEAD);
  return record;
}

/** @param {Uint8Array} memory @param {number} offset @param {number} length @returns {Answer} */
export const readAnswer = (memory, offset, length) => ({
  ms: new DataView(memory.buffer, memory.byteOffset + offset, length).getFloat64(0, true),
  codes: memory.slice(offset + ANSWER_HEAD, offset + length),
});
