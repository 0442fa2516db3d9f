/** The whole exchange in one thread, without channels: what the others have to equal. */

import { alloc } from 'sluice';
import { engineOf, makeBook, VERDICT_BYTES } from '../engine/book.js';
import { dispose } from '../engine/dispose.js';
import { eventsIn, rejectionOf } from '../engine/event.js';
import { FRAME_HEAD, frameBytes, frames, KEPT_BYTES, writeFrame } from '../gossip/message.js';
import { clock } from './latency.js';
import { outcomeOf } from './matcher.js';
import { makePath } from './path.js';

const VERDICT_AT = frameBytes(KEPT_BYTES);

/**
 * @param {import('sluice').Space} space its module is the engine
 * @param {import('./matcher.js').Limits & {
 *   now?: () => number, tell?: import('./exchange.js').Tell,
 * }} options `tell` hears of each message before the next is looked at
 */
export function openAlone(space, { now = Date.now, tell = () => {}, ...limits }) {
  const engine = engineOf(space);
  const book = makeBook(space, limits);
  const input = alloc(space, VERDICT_AT + VERDICT_BYTES);
  const { bytes } = input;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const verdict = bytes.subarray(VERDICT_AT);
  const path = makePath();
  let receipt = 0n;
  let time = 0n;

  /** @param {bigint} arrived nobody turns the clock back */
  function setClock(arrived) {
    if (arrived > time) time = arrived;
  }

  /** Tells what happened. @returns {number} the code of the message that made it so */
  function told() {
    let code = 0;
    book.events((memory, offset, length) => {
      for (const at of eventsIn(offset, length)) code ||= rejectionOf(memory, at);
      tell(memory, offset, length);
    });
    return code;
  }

  /** @param {Uint8Array} message @param {bigint} arrived */
  function take(message, arrived) {
    const taken = clock();
    setClock(arrived);
    path.received(1);
    const kept = message.subarray(0, KEPT_BYTES);
    const used = writeFrame(view, 0, { receipt: ++receipt, time, message: kept });
    const { byteOffset: at } = bytes;
    engine.ds_verify(at + FRAME_HEAD, kept.length, time, limits.network, at + VERDICT_AT);
    path.verified(verdict, clock() - taken);
    book.submit(bytes.subarray(0, used), verdict);
    const code = told();
    path.matched([code], clock() - taken);
    return code;
  }

  function look() {
    setClock(BigInt(now()));
    book.tick(receipt, time);
    told();
  }

  return {
    transport: /** @type {const} */ ('none'),
    book,
    take,

    /** @param {Uint8Array[]} messages */
    submit: async (messages) => messages.map((message) => take(message, BigInt(now()))),

    tick: async () => look(),

    /** @param {Uint8Array} id */
    async order(id) {
      look();
      return book.order(id);
    },

    /** @param {import('./wiring.js').Market} market */
    async orders({ base, quote }) {
      look();
      return [0, 1].flatMap((side) => book.list(base, quote, side));
    },

    /** @param {import('./wiring.js').Market} market */
    async best({ base, quote }) {
      look();
      return book.best(base, quote);
    },

    stats: path.stats,

    stop() {
      dispose(input);
      book.close();
    },
  };
}

/**
 * A recorded session.
 *
 * @param {import('sluice').Space} space
 * @param {Uint8Array} recorded frames
 * @param {import('./matcher.js').Limits} limits
 * @param {import('./exchange.js').Tell} [tell] events
 * @param {(book: import('../engine/book.js').Book) => void} [look] at the end
 */
export function matchAlone(space, recorded, limits, tell, look) {
  const alone = openAlone(space, { ...limits, tell });
  try {
    for (const { time, message } of frames(recorded)) alone.take(message, time);
    look?.(alone.book);
    return outcomeOf(alone.book);
  } finally {
    alone.stop();
  }
}
