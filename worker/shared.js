/**
 * What shared memory adds to a connection: a thread in mid-computation sees that its call was
 * cancelled, and a thread that may block can wait for a result without its event loop.
 *
 * A call's cancellation is a word: of the few that a connection has, the one at its id modulo their
 * number, which says the id of the last call that was cancelled there.
 *
 * A blocked caller's mailbox is a block of its own: a word that is 0 until there is a reply, a word
 * of the reply's length, and one of the room for it. A reply that is too long waits here until its
 * caller comes with a larger one.
 *
 * @typedef {{
 *   share(memory: WebAssembly.Memory, words: number): void,
 *   cancel(id: number): void, isCancelled(id: number): boolean,
 *   deliver(message: import('./protocol.js').Invoke, outcome: import('./runner.js').Outcome): void,
 *   fetch(message: import('./protocol.js').Fetch): void,
 * }} Shared `share`: both sides are in this memory; until then it does nothing
 */

import { toPlain } from '../loader/errors.js';
import { value as codec } from '../loader/value.js';

export const WORDS = 64;

export const MAILBOX_STATE = 0;
export const MAILBOX_LENGTH = 4;
export const MAILBOX_ROOM = 8;
export const MAILBOX_DATA = 16;

/** @returns {Shared} */
export function makeShared() {
  /** @type {WebAssembly.Memory | undefined} */
  let memory;
  let words = 0;
  /** @type {Map<number, Uint8Array>} */
  const waiting = new Map();

  /** @param {number} id @param {(i32: Int32Array, index: number) => T} use @template T */
  const at = (id, use) => memory && use(new Int32Array(memory.buffer), (words >> 2) + (id % WORDS));

  /** @param {number} id @param {number} mailbox @param {Uint8Array} bytes */
  function put(id, mailbox, bytes) {
    if (!memory) return;
    const i32 = new Int32Array(memory.buffer);
    if (bytes.length <= i32[(mailbox + MAILBOX_ROOM) >> 2]) {
      new Uint8Array(memory.buffer).set(bytes, mailbox + MAILBOX_DATA);
    } else waiting.set(id, bytes);
    i32[(mailbox + MAILBOX_LENGTH) >> 2] = bytes.length;
    const state = (mailbox + MAILBOX_STATE) >> 2;
    Atomics.store(i32, state, 1);
    Atomics.notify(i32, state);
  }

  return {
    share(theirs, at) {
      memory = theirs;
      words = at;
    },
    cancel(id) {
      at(id, (i32, index) => Atomics.store(i32, index, id));
    },
    isCancelled: (id) => at(id, (i32, index) => Atomics.load(i32, index) === id) ?? false,
    deliver({ id, mailbox = 0 }, outcome) {
      let bytes;
      try {
        bytes = encode(outcome);
      } catch (error) {
        bytes = encode({ error: toPlain(error) });
      }
      put(id, mailbox, bytes);
    },
    fetch({ id, mailbox }) {
      const bytes = waiting.get(id);
      waiting.delete(id);
      if (bytes) put(id, mailbox, bytes);
    },
  };
}

/** @param {unknown} outcome */
function encode(outcome) {
  const bytes = new Uint8Array(codec.size(outcome));
  return bytes.subarray(0, codec.encode(outcome, bytes, 0));
}
