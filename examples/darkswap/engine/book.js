/**
 * The engine's book from JavaScript, in the memory of a space whose module is the engine. One thread has
 * a book; what it reads of it are copies.
 *
 * @typedef {Record<string, (...args: any[]) => any>} Exports
 * @typedef {{price: bigint, amount: bigint, orders: number}} Level
 * @typedef {{bid: bigint, bidAmount: bigint, ask: bigint, askAmount: bigint}} Best zero: none
 * @typedef {{
 *   events: bigint, trades: bigint, messages: bigint, rejected: bigint, open: number, kept: number,
 *   orders: number, markets: number,
 * }} BookStats
 */

import { alloc } from 'sluice';
import { dispose } from './dispose.js';
import { decodeEvent, EVENT_BYTES } from './event.js';

export const VERDICT_BYTES = 40;
const FRAME_BYTES = 296;
const EVENTS = 64;
const LEVELS = 64;
const LEVEL_BYTES = 24;
const BATCH = EVENTS * EVENT_BYTES;

/** @param {import('sluice').Space} space @returns {Exports} */
export function engineOf(space) {
  const exports = /** @type {any} */ (space.exports);
  if (typeof exports.ds_verify !== 'function')
    throw new TypeError(
      "the space's module is not DarkSwap's engine: create({ wasm }) with engine.wasm",
    );
  return exports;
}

/**
 * @param {import('sluice').Space} space
 * @param {{network: number, orders?: number, markets?: number}} limits orders that are kept (16,384), and
 *   markets that these name (64)
 */
export function makeBook(space, { network, orders = 16_384, markets = 64 }) {
  const engine = engineOf(space);
  const size = engine.ds_book_bytes(orders, markets) >>> 0;
  if (size === 0)
    throw new RangeError(
      `a book keeps 1 to 1048576 orders of 1 to 256 markets, not ${orders} of ${markets}`,
    );
  const memory = alloc(space, size);
  const scratch = alloc(space, FRAME_BYTES + VERDICT_BYTES + 3 * 32 + BATCH);
  const at = memory.bytes.byteOffset;
  const bytes = scratch.bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frameAt = bytes.byteOffset;
  const verdictAt = frameAt + FRAME_BYTES;
  const idAt = verdictAt + VERDICT_BYTES;
  const assetsAt = idAt + 32;
  const eventsAt = assetsAt + 64;
  const events = eventsAt - frameAt;
  check(engine.ds_book_init(at, size, orders, markets, network), 'ds_book_init');

  /** @param {number} code @param {string} what @returns {number} */
  function check(code, what) {
    if (code < 0) throw new Error(`${what} gave ${code}: see the codes in engine/README.md`);
    return code;
  }

  /** @param {Uint8Array} base @param {Uint8Array} quote */
  function putAssets(base, quote) {
    bytes.set(base, assetsAt - frameAt);
    bytes.set(quote, assetsAt + 32 - frameAt);
  }

  return {
    /**
     * The next message. Its events have to be read before the one after it.
     *
     * @param {Uint8Array} frame
     * @param {Uint8Array} verdict
     */
    submit(frame, verdict) {
      // A message that is too long is refused by its verdict; the book needs its head alone.
      bytes.set(frame.length > FRAME_BYTES ? frame.subarray(0, FRAME_BYTES) : frame);
      bytes.set(verdict, FRAME_BYTES);
      check(engine.ds_book_submit(at, frameAt, verdictAt), 'ds_book_submit');
    },

    /** @param {bigint} receipt @param {bigint} now */
    tick: (receipt, now) => void check(engine.ds_book_tick(at, receipt, now), 'ds_book_tick'),

    /**
     * What came of it, as records one behind the other: `use` is called until there are no more.
     *
     * @param {(memory: Uint8Array, offset: number, length: number) => void} use
     */
    events(use) {
      for (;;) {
        const length = check(engine.ds_book_events(at, eventsAt, BATCH), 'ds_book_events');
        if (length > 0) use(bytes, events, length);
        if (length < BATCH) return;
      }
    },

    /** @param {Uint8Array} base @param {Uint8Array} quote @returns {Best} */
    best(base, quote) {
      putAssets(base, quote);
      check(engine.ds_book_best(at, assetsAt, assetsAt + 32, eventsAt), 'ds_book_best');
      const word = (/** @type {number} */ i) => view.getBigUint64(events + 8 * i, true);
      return { bid: word(0), bidAmount: word(1), ask: word(2), askAmount: word(3) };
    },

    /** The best prices of a side. @param {Uint8Array} base @param {Uint8Array} quote @param {number} side @returns {Level[]} */
    depth(base, quote, side, levels = LEVELS) {
      putAssets(base, quote);
      const count = check(
        engine.ds_book_depth(at, assetsAt, assetsAt + 32, side, eventsAt, Math.min(levels, LEVELS)),
        'ds_book_depth',
      );
      return Array.from({ length: count }, (_, i) => {
        const from = events + LEVEL_BYTES * i;
        return {
          price: view.getBigUint64(from, true),
          amount: view.getBigUint64(from + 8, true),
          orders: view.getUint32(from + 16, true),
        };
      });
    },

    /** @param {Uint8Array} id */
    order(id) {
      bytes.set(id, idAt - frameAt);
      const status = engine.ds_book_order(at, idAt, eventsAt);
      return status < 0 ? undefined : { status, order: decodeEvent(bytes, events) };
    },

    /** All open orders of a side, as they would trade. @param {Uint8Array} base @param {Uint8Array} quote @param {number} side */
    list(base, quote, side) {
      const all = [];
      for (;;) {
        putAssets(base, quote);
        const length = check(
          engine.ds_book_list(at, assetsAt, assetsAt + 32, side, all.length, eventsAt, BATCH),
          'ds_book_list',
        );
        for (let from = 0; from < length; from += EVENT_BYTES)
          all.push(decodeEvent(bytes, events + from));
        if (length < BATCH) return all;
      }
    },

    /** SHA-256 of all events so far. */
    digest() {
      check(engine.ds_book_digest(at, eventsAt), 'ds_book_digest');
      return bytes.slice(events, events + 32);
    },

    /** @returns {BookStats} */
    stats() {
      check(engine.ds_book_stats(at, eventsAt), 'ds_book_stats');
      const long = (/** @type {number} */ i) => view.getBigUint64(events + 8 * i, true);
      const word = (/** @type {number} */ i) => view.getUint32(events + 32 + 4 * i, true);
      return {
        ...{ events: long(0), trades: long(1), messages: long(2), rejected: long(3) },
        ...{ open: word(0), kept: word(1), orders: word(2), markets: word(3) },
      };
    },

    /** Gives its memory back. */
    close() {
      dispose(memory);
      dispose(scratch);
    },
  };
}

/** @typedef {ReturnType<typeof makeBook>} Book */
