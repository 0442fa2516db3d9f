/**
 * Where a pool's calls lie in shared memory: one queue of slots, from which all of its workers take.
 * The pool's thread (lanes.js) fills a slot and puts it at the queue's tail; whichever worker is free
 * (taker.js) takes the oldest one, runs it, and writes the result over the arguments. So no call waits
 * behind a long one while another worker is free, and what nobody has taken is lost with nobody.
 *
 * A slot's word says where its call stands, and whose move it is:
 *
 *   free -> queued -> taken -> started -> done -> free      whose: pool, anybody, worker, worker, pool
 *              |        |         |        ^
 *              v        v         v        |
 *            free   returned     moved ----+                moved: its result, or all of it, goes by
 *         (withdrawn)  (to the pool)                        message; the slot stays the worker's
 *
 *    29               10 9         3 2     0
 *   +-------------------+-----------+-------+
 *   |     position      |   taker   | phase |
 *   +-------------------+-----------+-------+
 *
 * `queued` is the only phase that two may change, by compare-and-swap: workers to take the call, the
 * pool to withdraw it. When a worker is proven dead, the pool makes its moves: what it has taken and
 * not started is queued again.
 *
 * A worker that the pool is about to end has `DISMISSED` in its word. It looks at that after it has
 * taken a call and before it starts it, and the pool looks at the slots after it has written it: so
 * either the pool sees the call, or the worker starts no more.
 */

export const [FREE, QUEUED, TAKEN, STARTED, MOVED, DONE, RETURNED] = [0, 1, 2, 3, 4, 5, 6];
export const PHASE = 7;

/** @param {number} position @param {number} phase @param {number} [taker] */
export const wordOf = (position, phase, taker = 0) =>
  ((position & 0xfffff) << 10) | (taker << 3) | phase;

/** Where a slot begins. @param {number} at of the queue @param {number} slot */
export const placeOf = (at, slot) => at + SLOTS_AT + slot * SLOT_BYTES;

/** @param {number} word */
export const takerOf = (word) => (word >> 3) & 127;

export const SLOTS = 64;
/** Workers that one pool has at once, those included that are not proven dead yet. */
export const TAKERS = 64;
export const NAMES = 32;

/** Who changes a word often has its line. HEAD: the oldest position that may be queued; TAIL: the next;
 * NEWS: how many slots have become the pool's again; LOOKS: 0 while the pool looks at NEWS by itself;
 * ASLEEP: a bit for each taker, two words. */
export const HEAD = 0;
export const TAIL = 128;
export const NEWS = 256;
export const LOOKS = 260;
export const ASLEEP = 384;
// As numbers, because a bundler keeps sums that nobody uses.
/** For each taker: MAY or DISMISSED, and a count to sleep on. */
export const ORDERS = 512;
export const BELLS = 768; // ORDERS + 4 * TAKERS
/** Bytes and UTF-8 of functions' names. */
export const NAMES_AT = 1024; // BELLS + 4 * TAKERS
export const NAME_BYTES = 64;
export const SLOTS_AT = 3072; // NAMES_AT + NAMES * NAME_BYTES
/** Not a power of two: the beginnings of all slots, which the pool looks at again and again, would
 * share the same few places of a processor's cache. */
export const SLOT_BYTES = 1152; // 1024 + 128
export const LANE_BYTES = 76800; // SLOTS_AT + SLOTS * SLOT_BYTES

export const [MAY, DISMISSED] = [0, 1];

/** Of a slot: what two threads hand to and fro for a small call lies in one line. What: the number of a
 * name, or BY_MESSAGE; of a result: VALUE, ERROR or BY_MESSAGE. Bytes: 0 for no arguments, and for
 * undefined. BEGAN: milliseconds, as Date.now() counts; RAN: milliseconds. CANCELLED: not 0. DATA: arguments as
 * a list (`values` of loader/value.js), or a result. */
export const WORD = 0;
export const ID = 4;
export const WHAT = 8;
export const BYTES = 12;
export const BEGAN = 16;
export const RAN = 24;
export const CANCELLED = 32;
export const DATA = 40;
export const ROOM = 1112; // SLOT_BYTES - DATA

/** More arguments than that have a block of their own, whose address is then the slot's data. All of them together
 * may take this part of the space: what is beyond goes by message. */
export const HELD_PART = 8;

export const BY_MESSAGE = -1;
export const [VALUE, ERROR] = [0, 1];

/** This thread's clock, on the scale of all threads. */
export const clock = () => performance.timeOrigin + performance.now();
