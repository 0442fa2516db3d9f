/** A peer's end: a thread that has messages for the exchange. */

import { gossipChannel } from './wiring.js';

const HEAD = 8;

/**
 * Where the exchange is busy, offer() waits for a while; then the message is dropped, and counted. So a flood
 * costs its sender time and messages, and the exchange nothing.
 *
 * @param {import('sluice').Space} space
 * @param {{patience?: number}} [options] milliseconds, 1,000 by default; 0: never waits
 */
export function makeSubmitter(space, { patience = 1000 } = {}) {
  const sender = gossipChannel(space).sender();
  const counts = { offered: 0, dropped: 0 };

  /** @param {Uint8Array} message @param {bigint} time */
  function put(message, time) {
    const claim = sender.claim(HEAD + message.length);
    if (!claim) return false;
    const { memory, offset } = claim;
    new DataView(memory.buffer, memory.byteOffset + offset, HEAD).setBigUint64(0, time, true);
    memory.set(message, offset + HEAD);
    claim.commit();
    return true;
  }

  /** @param {Uint8Array} message @param {bigint} time @returns {Promise<boolean>} */
  async function later(message, time) {
    try {
      do await sender.ready(HEAD + message.length, { timeout: patience });
      while (!put(message, time));
      return true;
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code !== 'timeout') throw error;
      return drop();
    }
  }

  function drop() {
    counts.dropped++;
    return false;
  }

  return {
    /**
     * @param {Uint8Array} message of any length: what is too long is dropped here
     * @param {bigint} [time] of arrival in ms, never earlier than before; else when it is taken in
     * @returns {boolean | Promise<boolean>} false: dropped
     */
    offer(message, time = 0n) {
      counts.offered++;
      if (message.length > LONGEST) return drop();
      if (put(message, time)) return true;
      return patience > 0 ? later(message, time) : drop();
    },

    /** How many were offered, and dropped of them. */
    counts: () => ({ ...counts }),

    close: () => sender.close(),
  };
}

/** Far above any message: so long only somebody writes who means no good. */
const LONGEST = 1024;

/** @typedef {ReturnType<typeof makeSubmitter>} Submitter */
