/**
 * What peers send, between the line and the market. Each peer has room for so many messages; it learns
 * that one was taken only when it was, so a fair peer waits (back-pressure). What a peer sends beyond
 * its room is dropped and counted: the newest goes, the others' are not touched. The peers take turns.
 *
 * @typedef {{taken: number, dropped: number}} Answer
 * @typedef {{message: Uint8Array, peer: string, done: () => void}} Waiting
 */

import { BATCH } from '../pipeline/intake.js';

export const ROOM = 256;
/** Messages at a time, for two workers at once: a page stays usable between. */
const AT_ONCE = 2 * BATCH;
/** What was no bytes at all: too short to be a message. */
const NONE = new Uint8Array();

/**
 * @param {(batch: {message: Uint8Array, peer: string}[]) => Promise<unknown>} take
 * @param {number} [room]
 */
export function makeInbox(take, room = ROOM) {
  /** @type {Map<string, Waiting[]>} */
  const queues = new Map();
  let allDropped = 0;
  let running = false;
  let open = true;

  /** One of each peer in turn, so many as there are and fit. */
  function next() {
    /** @type {Waiting[]} */
    const batch = [];
    while (queues.size > 0 && batch.length < AT_ONCE) {
      for (const [peer, queue] of [...queues].slice(0, AT_ONCE - batch.length)) {
        batch.push(/** @type {Waiting} */ (queue.shift()));
        queues.delete(peer);
        if (queue.length > 0) queues.set(peer, queue); // behind the others
      }
    }
    return batch;
  }

  async function run() {
    if (running) return;
    running = true;
    while (queues.size > 0) {
      const batch = next();
      // Where the market closed meanwhile nothing was decided.
      await take(batch).catch(() => {});
      for (const { done } of batch) done();
      await new Promise((resolve) => setTimeout(resolve));
    }
    running = false;
  }

  return {
    /**
     * @param {unknown} messages
     * @param {string} peer
     * @returns {Promise<Answer>} when all that there was room for have been through the market
     */
    async put(messages, peer) {
      const list = Array.isArray(messages) ? messages : [messages];
      const waits = [];
      let dropped = 0;
      for (const given of list) {
        const message = given instanceof Uint8Array ? given : NONE;
        const queue = queues.get(peer) ?? [];
        if (!open || queue.length >= room) {
          dropped++;
          continue;
        }
        queues.set(peer, queue);
        waits.push(
          /** @type {Promise<void>} */ (
            new Promise((done) => {
              queue.push({ message, peer, done });
            })
          ),
        );
      }
      allDropped += dropped;
      run();
      await Promise.all(waits);
      return { taken: list.length - dropped, dropped };
    },

    close() {
      open = false;
    },

    stats: () => ({ dropped: allDropped }),
  };
}
