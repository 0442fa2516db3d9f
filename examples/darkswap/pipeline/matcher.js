/**
 * The one thread that has the book: what was verified goes in, in the order of receipt; events go out to
 * all who listen, the best prices into cells, the depth into a store, and an answer to the intake once all
 * that can be seen.
 */

import { makeBook, VERDICT_BYTES } from '../engine/book.js';
import { eventsIn, rejectionOf } from '../engine/event.js';
import { frameBytes, frames } from '../gossip/message.js';
import { readBatch, writeAnswer } from './batch.js';
import { clock } from './latency.js';
import {
  answerChannel,
  bestCell,
  depthStore,
  eventChannel,
  marketName,
  verifiedChannel,
} from './wiring.js';

/** Batches between two looks at whether somebody else wants the thread. */
const BATCHES = 16;

/**
 * @typedef {{network: number, orders?: number, markets?: number}} Limits
 * @typedef {{
 *   digest: string, events: number, trades: number, messages: number, rejected: number, open: number,
 * }} Outcome `digest`: SHA-256 of the event log, in hex
 */

/** @param {Uint8Array} bytes */
export const hex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {import('../engine/book.js').Book} book @returns {Outcome} */
export function outcomeOf(book) {
  const { events, trades, messages, rejected, open } = book.stats();
  return {
    digest: hex(book.digest()),
    ...{ events: Number(events), trades: Number(trades) },
    ...{ messages: Number(messages), rejected: Number(rejected), open },
  };
}

/**
 * @param {import('sluice').Space} space
 * @param {Limits} limits
 */
export function startMatcher(space, limits) {
  const book = makeBook(space, limits);
  const receiver = verifiedChannel(space).receiver();
  const sender = eventChannel(space).sender();
  const showing = makeShowing(space, book);
  let receipt = 0n;

  /** Tells what happened. @returns {number} the code of the message that made it so */
  function tell() {
    let code = 0;
    book.events((memory, offset, length) => {
      sender.trySend(memory.subarray(offset, offset + length));
      for (const at of eventsIn(offset, length)) {
        const rejection = rejectionOf(memory, at);
        if (rejection === 0) showing.changed(memory, at);
        code ||= rejection;
      }
    });
    return code;
  }

  /** @param {Uint8Array} memory @param {number} offset @param {number} length */
  function match(memory, offset, length) {
    const batch = readBatch(memory, offset, length);
    /** @type {number[]} */
    const codes = [];
    if (batch.count === 0) {
      book.tick(receipt, batch.time);
      tell();
    }
    for (const frame of frames(batch.frames)) {
      const verdict = codes.length * VERDICT_BYTES;
      book.submit(
        batch.frames.subarray(frame.at, frame.at + frameBytes(frame.message.length)),
        batch.verdicts.subarray(verdict, verdict + VERDICT_BYTES),
      );
      receipt = frame.receipt;
      codes.push(tell());
    }
    showing.answer(writeAnswer({ ms: clock() - batch.taken, codes }));
  }

  async function run() {
    try {
      while (await receiver.ready()) {
        receiver.drain(match, BATCHES);
        showing.begin();
      }
      await showing.settled();
      return outcomeOf(book);
    } finally {
      receiver.close();
      sender.close();
      showing.close();
      book.close();
    }
  }

  return {
    /** When the intake has closed and all is matched. */
    done: Promise.race([run(), showing.failed]),
    book,
  };
}

/**
 * What can be seen of the book. Of a market whose prices change while they are being published the newest are
 * published next: nobody waits for a reader, and no reader for the matcher.
 *
 * @param {import('sluice').Space} space
 * @param {import('../engine/book.js').Book} book
 */
function makeShowing(space, book) {
  const depth = depthStore(space);
  const sender = answerChannel(space).sender();
  /** @type {Map<string, import('./wiring.js').Market>} */
  const changed = new Map();
  /** @type {Uint8Array[]} */
  let answers = [];
  /** @type {Promise<void>} */
  let shown = Promise.resolve();
  let busy = false;
  let last = '';
  /** @type {(error: Error) => void} */
  let fail = () => {};
  /** @type {Promise<never>} */
  const failed = new Promise((_, reject) => {
    fail = reject;
  });

  async function show() {
    busy = true;
    while (changed.size > 0 || answers.length > 0) {
      const due = answers;
      answers = [];
      for (const [name, market] of [...changed]) {
        changed.delete(name);
        const { base, quote } = market;
        const [bids, asks] = [0, 1].map((side) => book.depth(base, quote, side));
        await bestCell(space, market).set(book.best(base, quote));
        await depth.set(name, { bids, asks });
      }
      for (const answer of due) if (!sender.trySend(answer)) await sender.send(answer);
    }
    busy = false;
  }

  return {
    /** An event of a market: its prices may differ. @param {Uint8Array} memory @param {number} at */
    changed(memory, at) {
      const market = {
        base: memory.subarray(at + 128, at + 160),
        quote: memory.subarray(at + 160, at + 192),
      };
      const name = marketName(market);
      if (name === last && changed.has(name)) return;
      last = name;
      changed.set(name, { base: market.base.slice(), quote: market.quote.slice() });
    },

    /** Told when all before it can be seen. @param {Uint8Array} record */
    answer: (record) => void answers.push(record),

    begin() {
      if (busy) return;
      shown = show();
      shown.catch(fail);
    },

    settled: () => shown,

    /** Never resolves. */
    failed,

    close: () => sender.close(),
  };
}
