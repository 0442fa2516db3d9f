/**
 * What shared memory adds to a connection: a thread in mid-computation sees that its call was
 * cancelled, and a thread that may block can wait for a result without its event loop.
 *
 * The board is a block of the space, made by who connects. Both refer to it, so that it lasts until
 * the last of them has ended, or has died. It has a word that says whether the other side has come
 * and gone, one for its participant, and the words that calls are cancelled by: 0, or 1.
 *
 * A blocked caller's mailbox is a block likewise: a word that is 0 until there is a reply, a word of
 * the reply's length, and one of the room for it. A reply that is too long waits at its maker until
 * the caller comes with a larger one.
 *
 * @typedef {{
 *   offer(space: Space): import('./protocol.js').Hello['board'],
 *   accept(space: Space, board: NonNullable<import('./protocol.js').Hello['board']>): void,
 *   readonly board: number,
 *   take(): number, giveBack(word: number): void, cancel(word: number): void,
 *   isCancelled(word: number): boolean,
 *   hold(mailbox: import('./protocol.js').Mailbox): boolean,
 *   deliver(id: number, mailbox: import('./protocol.js').Mailbox, outcome: import('./runner.js').Outcome): void,
 *   fetch(message: import('./protocol.js').Fetch): void, forget(id: number): void,
 *   end(): void,
 * }} Shared without shared memory it does nothing
 * @typedef {import('../loader/space.js').Space} Space
 */

import { toPlain } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { value as codec } from '../loader/value.js';

const WORDS = 64;
const FIRST = 2; // of the words to cancel by

export const BOARD_STATE = 0;
export const BOARD_PARTICIPANT = 4;
export const [UNMET, MET, ENDED] = [0, 1, 2];

export const MAILBOX_STATE = 0;
export const MAILBOX_LENGTH = 4;
export const MAILBOX_ROOM = 8;
export const MAILBOX_DATA = 16;

/** @returns {Shared} */
export function makeShared() {
  /** @type {import('../loader/internals.js').Internals | undefined} */
  let internals;
  let board = 0;
  let maker = false;
  /** @type {number[]} */
  const words = [];
  /** Replies that were too long. @type {Map<number, Uint8Array>} */
  const waiting = new Map();

  const threadOf = () => /** @type {NonNullable<typeof internals>} */ (internals).thread;

  /** @param {{at: number, serial: number}} block @returns {boolean} */
  function refer({ at, serial }) {
    const { exports, self, base } = threadOf();
    return exports.sluice_slab_ref(self, at - base, serial) === 0;
  }

  /** @param {number} id @param {import('./protocol.js').Mailbox} mailbox @param {Uint8Array} bytes */
  function put(id, { at }, bytes) {
    const thread = threadOf();
    thread.reach(at + MAILBOX_DATA + bytes.length);
    const { i32, u8 } = thread;
    if (bytes.length <= i32[(at + MAILBOX_ROOM) >> 2]) u8.set(bytes, at + MAILBOX_DATA);
    else waiting.set(id, bytes);
    i32[(at + MAILBOX_LENGTH) >> 2] = bytes.length;
    const state = (at + MAILBOX_STATE) >> 2;
    Atomics.store(i32, state, 1);
    Atomics.notify(i32, state);
    thread.free(at);
  }

  return {
    get board() {
      return board;
    },

    offer(space) {
      if (space.transport !== 'shared') return undefined;
      internals = inside(space);
      const { thread } = internals;
      maker = true;
      board = thread.alloc(WORDS * 4); // zeroed
      for (let i = FIRST; i < WORDS; i++) words.push(board + 4 * i);
      const serial = thread.exports.sluice_slab_serial(thread.self, board - thread.base);
      return { at: board, serial, participant: thread.participant };
    },

    accept(space, { participant, ...block }) {
      internals = inside(space);
      const { thread } = internals;
      // A thread's references to one block count once; and it needs no word from itself.
      if (participant === thread.participant || !refer(block)) {
        internals = undefined;
        return;
      }
      board = block.at;
      thread.reach(board + WORDS * 4);
      thread.i32[(board + BOARD_PARTICIPANT) >> 2] = thread.participant;
      Atomics.store(thread.i32, (board + BOARD_STATE) >> 2, MET);
    },

    take() {
      const word = words.pop() ?? 0;
      if (word) Atomics.store(threadOf().i32, word >> 2, 0);
      return word;
    },
    giveBack(word) {
      if (word) words.push(word);
    },
    cancel(word) {
      if (word && internals) Atomics.store(internals.thread.i32, word >> 2, 1);
    },
    isCancelled: (word) =>
      word !== 0 && !!internals && Atomics.load(internals.thread.i32, word >> 2) !== 0,

    hold: (mailbox) => !!internals && refer(mailbox),
    deliver(id, mailbox, outcome) {
      if (!internals) return;
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
      if (bytes && internals && refer(mailbox)) put(id, mailbox, bytes);
    },
    forget: (id) => {
      waiting.delete(id);
    },

    end() {
      if (!internals) return;
      const { thread } = internals;
      if (!maker) Atomics.store(thread.i32, (board + BOARD_STATE) >> 2, ENDED);
      thread.free(board);
      internals = undefined;
      waiting.clear();
    },
  };
}

/** @param {unknown} outcome */
function encode(outcome) {
  const bytes = new Uint8Array(codec.size(outcome));
  return bytes.subarray(0, codec.encode(outcome, bytes, 0));
}
