/**
 * What shared memory adds to a connection: a thread in mid-computation sees that its call was
 * cancelled, and a thread that may block can wait for a result without its event loop.
 *
 * The board is a block of the space, made by who connects. Both refer to it, so that it lasts until
 * the last of them has ended, or has died. It has a word for the other side's participant, which says
 * whether it has come and gone, and the words that calls are cancelled by: 0, or 1.
 *
 * A blocked caller's turn is a word: the number of its call while it waits, negative while somebody writes the reply,
 * then 0. The reply lies behind the words, and its length in another one. A reply that is too long waits at its maker
 * until the caller comes with a block for it.
 *
 * Who has answered a blocked caller waits for its next call at another word: the call lies where the reply did, and
 * Atomics.waitAsync wakes sooner than a message does (docs/engines.md). Where both sides are awake a call takes a tenth
 * of what it takes to wake two threads: so it looks for a moment before it sleeps, as long as that has been worth it,
 * and now and then to see. A positive word is the length of a call that lies there.
 *
 * @typedef {{
 *   offer(space: Space): import('./protocol.js').Hello['board'],
 *   accept(space: Space, board: NonNullable<import('./protocol.js').Hello['board']>): void,
 *   board(): number,
 *   take(): number, giveBack(word: number): void, cancel(word: number): void,
 *   isCancelled(word: number): boolean,
 *   waits(id: number): boolean,
 *   deliver(id: number, outcome: import('./runner.js').Outcome, run: (call: any) => void): void,
 *   fetch(message: import('./protocol.js').Fetch): void,
 *   end(): void,
 * }} Shared `board`: its place in i32; without shared memory there is none. `deliver` runs the call that comes by the board
 *   then
 * @typedef {import('../loader/space.js').Space} Space
 */

import { untilChanged } from '../loader/bell.js';
import { inside } from '../loader/internals.js';
import { now } from '../loader/linger.js';
import { toPlain } from '../loader/to-plain.js';
import { value as codec } from '../loader/value.js';

const WORDS = 64;
const FIRST = 5; // of the words to cancel by

export const BOARD_PARTICIPANT = 1;
export const BOARD_ASKED = 2;
export const BOARD_TURN = 3;
export const BOARD_LENGTH = 4;
/** In bytes. */
export const BOARD_DATA = 256; // WORDS * 4
export const BOARD_ROOM = 3840;
const BOARD_BYTES = 4096;
/** In place of a participant; 0: none has come. */
export const ENDED = -1;
/** Of the word `asked`: somebody waits for it to change, asleep or awake; 0: nobody does. */
export const ASLEEP = -1;
export const AWAKE = -2;
/** Before it sleeps, in milliseconds: to be woken and to call takes another thread a half of that. */
export const LOOK = 0.1;
/** So many looks in vain, of those that were worth it, before it sleeps at once; and then it looks each so many times. */
const [PATIENCE, TRY] = [3, 8];
/** How long it answers without a turn of the event loop, in milliseconds. */
const SLICE = 4;

/** @returns {Shared} */
export function makeShared() {
  /** @type {import('../loader/thread.js').Thread | undefined} */
  let thread;
  let board = 0;
  /** @type {number[]} */
  const words = [];
  /** The last reply, where it was too long. @type {Uint8Array | undefined} */
  let long;
  let attends = false;
  let [patience, times] = [0, 0];
  let turned = now();

  /** @param {{at: number, serial: number}} block @returns {boolean} */
  function refer({ at, serial }) {
    if (!thread) return false;
    const { exports, self, base } = thread;
    return exports.sluice_slab_ref(self, at - base, serial) === 0;
  }

  /** @param {number} word its index */
  const load = (word) => (thread ? Atomics.load(thread.i32, word) : 0);

  /** Ends the caller's turn, where it still waits. @param {number} id @param {Uint8Array} bytes @param {number} [at] */
  function put(id, bytes, at = 0) {
    if (!thread) return;
    const { i32 } = thread;
    const turn = board + BOARD_TURN;
    if (Atomics.compareExchange(i32, turn, id, -1) !== id) return;
    const { length } = bytes;
    if (!at && length > BOARD_ROOM) long = bytes;
    else thread.u8.set(bytes, at || 4 * board + BOARD_DATA);
    i32[board + BOARD_LENGTH] = length;
    Atomics.compareExchange(i32, turn, -1, 0); // who gave up may have the next turn
    Atomics.notify(i32, turn);
  }

  /** Waits for a call on the board. @param {(call: any) => void} run */
  async function attend(run) {
    if (attends || !thread || !('waitAsync' in Atomics)) return;
    attends = true;
    const word = board + BOARD_ASKED;
    const { i32 } = thread;
    const looks = now() - turned < SLICE && (patience > 0 || ++times % TRY === 0);
    Atomics.store(i32, word, looks ? AWAKE : ASLEEP); // before the answer: the next call may be as soon
    await undefined;
    if (looks && thread) look(i32, word);
    while (thread && load(word) === ASLEEP) {
      await untilChanged(thread, 4 * word, ASLEEP);
      turned = now();
    }
    attends = false;
    if (!thread) return;
    const length = Math.min(Atomics.exchange(i32, word, 0), BOARD_ROOM);
    run(codec.decode(thread.u8, 4 * board + BOARD_DATA, length));
  }

  /** @param {Int32Array} i32 @param {number} word */
  function look(i32, word) {
    const end = now() + LOOK;
    for (let i = 1; i % 256 || now() < end; i++) {
      if (Atomics.load(i32, word) === AWAKE) continue;
      patience = PATIENCE;
      return;
    }
    if (patience > 0) patience--;
    Atomics.compareExchange(i32, word, AWAKE, ASLEEP);
  }

  return {
    board: () => board,

    offer(space) {
      if (space.transport !== 'shared') return undefined;
      ({ thread } = inside(space));
      const at = thread.alloc(BOARD_BYTES); // zeroed
      board = at >> 2;
      for (let i = FIRST; i < WORDS; i++) words.push(at + 4 * i);
      const serial = thread.exports.sluice_slab_serial(thread.self, at - thread.base);
      return { at, serial, participant: thread.participant };
    },

    accept(space, { participant, ...block }) {
      ({ thread } = inside(space));
      // A thread's references to one block count once; and it needs no word from itself.
      if (participant === thread.participant || !refer(block)) {
        thread = undefined;
        return;
      }
      board = block.at >> 2;
      thread.reach(block.at + BOARD_BYTES);
      Atomics.store(thread.i32, board + BOARD_PARTICIPANT, thread.participant);
    },

    take() {
      const word = words.pop() ?? 0;
      if (word && thread) Atomics.store(thread.i32, word >> 2, 0);
      return word;
    },
    giveBack(word) {
      if (word) words.push(word);
    },
    cancel(word) {
      if (word && thread) Atomics.store(thread.i32, word >> 2, 1);
    },
    isCancelled: (word) => word !== 0 && load(word >> 2) !== 0,

    waits: (id) => load(board + BOARD_TURN) === id,
    deliver(id, outcome, run) {
      attend(run);
      let bytes;
      try {
        bytes = encode(outcome);
      } catch (error) {
        bytes = encode({ error: toPlain(error) });
      }
      put(id, bytes);
    },
    fetch({ id, at, serial }) {
      if (!long || !thread || !refer({ at, serial })) return;
      thread.reach(at + long.length);
      put(id, long, at);
      thread.free(at);
      long = undefined;
    },

    end() {
      if (!thread) return;
      Atomics.store(thread.i32, board + BOARD_PARTICIPANT, ENDED);
      if (attends) {
        Atomics.store(thread.i32, board + BOARD_ASKED, 0);
        Atomics.notify(thread.i32, board + BOARD_ASKED);
      }
      thread.free(4 * board);
      thread = undefined;
    },
  };
}

/** @param {unknown} outcome */
function encode(outcome) {
  const bytes = new Uint8Array(codec.size(outcome));
  return bytes.subarray(0, codec.encode(outcome, bytes, 0));
}
