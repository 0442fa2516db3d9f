/**
 * The worker's side of a pool's queue (lane.js): takes calls as long as there are any, and sleeps.
 *
 * @typedef {import('./runner.js').Call} Call
 * @typedef {{
 *   wake(): void, over(): void, running(id: number): Call | undefined, end(): Call | undefined,
 * }} Taker `wake`: there may be calls; `over`: the call that came by message has ended; `running`: the
 *   call of that id; `end`: gives the one that runs
 * @typedef {{at: number, serial: number, number: number, blocking: boolean}} Place `at`: the block's
 *   address; `number`: this taker's; `blocking`: it may sleep without its event loop
 * @typedef {{
 *   served(name: string): Function, context(cancelAt: number): Call, plain(error: unknown): unknown,
 *   isPlain(value: unknown): boolean, codec: Pick<import('../loader/codec.js').Codec<any>, 'size' | 'encode'>,
 *   move(id: number, name: string, call: Call, outcome: import('./runner.js').Outcome): Promise<void>,
 * }} Local how calls run here; `codec`: of results; `isPlain`: the value may be copied; `move`: sends an outcome by message
 */

import { turn } from '#platform';
import { ringsWell, untilChanged } from '../loader/bell.js';
import { inside } from '../loader/internals.js';
import { decoder } from '../loader/utf8.js';
import { readList } from '../loader/value/read.js';
import * as lane from './lane.js';

/**
 * How long it looks for the next call before it sleeps, in milliseconds: longer where that was worth it,
 * shorter where it was in vain, and now and then another try.
 */
const [SPIN_LEAST, SPIN_FIRST, SPIN_MOST] = [0.02, 0.05, 0.2];
const TRY_AGAIN = 32;
/** How long it runs calls before its event loop gets a turn. */
const SLICE = 8;

/**
 * @param {import('../loader/space.js').Space} space
 * @param {Place} place
 * @param {import('./protocol.js').Post} post
 * @param {Local} local
 * @returns {Taker | undefined} nothing where the pool has gone
 */
export function makeTaker(space, { at, serial, number, blocking }, post, local) {
  const { thread } = inside(space);
  const { exports, self, base } = thread;
  if (exports.sluice_slab_ref(self, at - base, serial) !== 0) return undefined;
  thread.reach(at + lane.LANE_BYTES);
  const { u8, i32 } = thread;
  const f64 = new Float64Array(u8.buffer);
  const [head, tail, news, looks] = [lane.HEAD, lane.TAIL, lane.NEWS, lane.LOOKS].map(
    (place) => (at + place) >> 2,
  );
  const order = ((at + lane.ORDERS) >> 2) + number;
  const bell = ((at + lane.BELLS) >> 2) + number;
  const asleep = ((at + lane.ASLEEP) >> 2) + (number >> 5);
  const bit = 1 << (number & 31);
  // Not by its global name for each call: that is a getter in Node.
  const clock = performance;
  const { timeOrigin } = clock;
  const { codec } = local;
  /** @type {string[]} */
  const names = [];
  const byBell = ringsWell();
  let ended = false;
  /** The slot of the call that goes on after pump() has returned. */
  let busy = -1;
  let id = 0;
  /** @type {Call | undefined} */
  let call;
  let now = 0;
  let spin = SPIN_FIRST;
  let sleeps = 0;
  /** The tail when it was last read: to read it for each call would fetch it from the pool's processor. */
  let known = Atomics.load(i32, head);

  /** @param {number} slot */
  const placeOf = (slot) => lane.placeOf(at, slot);
  /** The index of its word. @param {number} slot */
  const wordAt = (slot) => (placeOf(slot) + lane.WORD) >> 2;

  /** @param {number} which */
  function nameOf(which) {
    const from = at + lane.NAMES_AT + which * lane.NAME_BYTES;
    names[which] ??= decoder().decode(u8.slice(from + 1, from + 1 + u8[from]));
    return names[which];
  }

  /** A slot of mine goes on. @param {number} slot @param {number} phase */
  function step(slot, phase) {
    const word = wordAt(slot);
    Atomics.store(i32, word, (i32[word] & ~lane.PHASE) | phase);
  }

  const may = () => Atomics.load(i32, order) === lane.MAY;

  /** The slot of a call to start, or -1. */
  function take() {
    for (;;) {
      const position = Atomics.load(i32, head);
      if (((known - position) | 0) <= 0) known = Atomics.load(i32, tail);
      if (position === known) return -1;
      const slot = position & (lane.SLOTS - 1);
      const word = wordAt(slot);
      const queued = lane.wordOf(position, lane.QUEUED);
      const mine = lane.wordOf(position, lane.TAKEN, number);
      const got = Atomics.compareExchange(i32, word, queued, mine) === queued;
      Atomics.compareExchange(i32, head, position, (position + 1) | 0);
      if (!got) continue;
      if (may()) {
        // The pool may see it late: it then asks again, or I am dead.
        i32[word] = lane.wordOf(position, lane.STARTED, number);
        return slot;
      }
      step(slot, lane.RETURNED);
      tell();
      return -1;
    }
  }

  function isThereWork() {
    let position = Atomics.load(i32, head);
    const end = Atomics.load(i32, tail); // afterwards: the head never overtakes it
    for (; position !== end; position = (position + 1) | 0) {
      const word = Atomics.load(i32, wordAt(position & (lane.SLOTS - 1)));
      if (word === lane.wordOf(position, lane.QUEUED)) return true;
    }
    return false;
  }

  /** A slot is the pool's again. */
  function tell() {
    Atomics.add(i32, news, 1);
    if (Atomics.load(i32, looks) === 1 && Atomics.exchange(i32, looks, 0) === 1) {
      if (byBell) Atomics.notify(i32, looks);
      else post({ op: 'look' });
    }
  }

  function pump() {
    if (busy >= 0 || ended) return;
    Atomics.and(i32, asleep, ~bit);
    const end = clock.now() + SLICE;
    do {
      if (!may()) return;
      now = clock.now();
      for (let slot = take(); slot >= 0; slot = take()) {
        if (begin(slot)) return;
        done(slot);
        if (now < end) continue;
        turn().then(pump);
        return;
      }
    } while (!rest());
  }

  /** @returns {boolean} true: the event loop goes on, until somebody calls pump() */
  function rest() {
    if (isCalledSoon()) return false;
    const rings = Atomics.load(i32, bell);
    Atomics.or(i32, asleep, bit);
    if (!isThereWork()) {
      if (blocking) Atomics.wait(i32, bell, rings);
      else {
        if (byBell) untilChanged(thread, 4 * bell, rings).then(pump);
        return true;
      }
    }
    Atomics.and(i32, asleep, ~bit);
    return false;
  }

  function isCalledSoon() {
    for (const end = now + spin; clock.now() < end; ) {
      for (let i = 0; i < 50; i++) {
        if (Atomics.load(i32, head) === Atomics.load(i32, tail)) continue;
        spin = Math.min(2 * spin, SPIN_MOST);
        return true;
      }
    }
    spin = ++sleeps % TRY_AGAIN === 0 ? SPIN_FIRST : Math.max(spin / 4, SPIN_LEAST);
    return false;
  }

  /** The arguments, from the slot or from a block. @param {number} place @param {number} bytes */
  function read(place, bytes) {
    if (bytes <= lane.ROOM) return readList(u8, place + lane.DATA, bytes);
    const block = i32[(place + lane.DATA) >> 2];
    thread.reach(block + bytes);
    return readList(thread.u8, block, bytes);
  }

  /** Starts the call. @param {number} slot @returns {boolean} it goes on afterwards */
  function begin(slot) {
    const place = placeOf(slot);
    const word = place >> 2;
    id = i32[word + lane.ID / 4];
    const what = i32[word + lane.WHAT / 4];
    f64[(place + lane.BEGAN) >> 3] = timeOrigin + now;
    if (what === lane.BY_MESSAGE) {
      step(slot, lane.MOVED);
      post({ op: 'want', id });
      busy = slot;
      return true;
    }
    call = local.context(place + lane.CANCELLED);
    let moved;
    try {
      const bytes = i32[word + lane.BYTES / 4];
      const args = bytes === 0 ? [] : read(place, bytes);
      const result = local.served(nameOf(what)).apply(call, args);
      if (typeof result?.then === 'function') {
        busy = slot;
        Promise.resolve(result)
          .then((value) => settle(slot, what, value))
          .catch((error) => fail(slot, what, error))
          .then(proceed);
        return true;
      }
      moved = settle(slot, what, result);
    } catch (error) {
      moved = fail(slot, what, error);
    }
    if (!moved) return false;
    busy = slot;
    moved.then(proceed);
    return true;
  }

  /** @param {number} slot @param {number} name @param {unknown} value */
  function settle(slot, name, value) {
    if (local.isPlain(value) && put(slot, lane.VALUE, value)) return undefined;
    return move(slot, name, { value });
  }

  /** @param {number} slot @param {number} name @param {unknown} thrown */
  function fail(slot, name, thrown) {
    const error = /** @type {any} */ (local.plain(thrown));
    return put(slot, lane.ERROR, error) ? undefined : move(slot, name, { error });
  }

  /**
   * Writes a result to the slot.
   *
   * @param {number} slot
   * @param {number} what
   * @param {unknown} value
   * @returns {boolean} false: it does not fit, or the codec does not carry it
   */
  function put(slot, what, value) {
    if (ended) return true; // nobody reads it
    const place = placeOf(slot);
    let bytes = 0;
    if (value !== undefined) {
      try {
        bytes = codec.size(value);
      } catch {
        return false; // whoever copies the message says why
      }
      if (bytes > lane.ROOM) return false;
      codec.encode(value, u8, place + lane.DATA);
    }
    i32[(place + lane.WHAT) >> 2] = what;
    i32[(place + lane.BYTES) >> 2] = bytes;
    return true;
  }

  /** @param {number} slot @param {number} name @param {import('./runner.js').Outcome} outcome */
  function move(slot, name, outcome) {
    i32[(placeOf(slot) + lane.WHAT) >> 2] = lane.BY_MESSAGE;
    step(slot, lane.MOVED);
    return local.move(id, nameOf(name), /** @type {Call} */ (call), outcome);
  }

  /** @param {number} slot */
  function done(slot) {
    now = clock.now();
    const ran = (placeOf(slot) + lane.RAN) >> 3;
    f64[ran] = timeOrigin + now - f64[ran + (lane.BEGAN - lane.RAN) / 8];
    call = undefined;
    id = 0;
    step(slot, lane.DONE);
    tell();
  }

  /** What went on has ended. */
  function proceed() {
    if (ended || busy < 0) return;
    const slot = busy;
    busy = -1;
    done(slot);
    pump();
  }

  return {
    wake: pump,
    over: proceed,
    running: (which) => (which === id ? call : undefined),
    end() {
      ended = true;
      thread.free(at);
      return call;
    },
  };
}
