/**
 * A receiver, as the relay sees it: what it was given and has not released.
 *
 * @typedef {import('./runs.js').Cut} Cut
 * @typedef {{
 *   wants: number, waiting: boolean, records: number, turns: number, owed: number,
 *   give(cut: Cut): void,
 *   free(bytes: number, records: number, spare?: ArrayBuffer[]): void,
 *   takeBack(parts: import('./runs.js').Part[]): import('./runs.js').Run[],
 *   hasTurned(turns: number, seen: number): void,
 *   yield(): void,
 *   settleAll(): {records: number, bytes: number},
 *   end(message: {op: 'end'}): void,
 *   resume(): void,
 *   finish(): void,
 * }} Sink `wants`: so many records more, and `waiting` for them, or only for its next look; `records`: those that it has; `turns`: how often it has given back, as it says; `owed`: runs that will
 *   come back as well, before which it gets no others; `hasTurned`: it gave back, and `seen` was the
 *   last that it had got; `takeBack`: unread;
 *   `yield`: gives back what it got only for its next look, if it has not looked;
 *   `settleAll`: frees all that it has, and says how much that was; `finish`: it is given all that
 *   there is, and keeps it; `resume`: the end was none, another sender has come
 */

import { measure } from './frames.js';
import { toRun } from './runs.js';

/**
 * @param {import('./runs.js').Post} post
 * @param {string} kind
 * @param {number} capacity of a broadcast: more than that is not kept for a receiver that does not read
 * @param {(records: number) => void} onLost
 * @returns {Sink}
 */
export function makeSink(post, kind, capacity, onLost) {
  /** Oldest first. @type {{run: number, source: import('./runs.js').Source | undefined, bytes: number, end: number}[]} */
  const given = [];
  /** Broadcast: what it has to wait for, and its bytes. @type {Cut[]} */
  const behind = [];
  let behindBytes = 0;
  let givenBytes = 0;
  let runs = 0;
  let lost = 0;
  /** @type {{op: 'end'} | undefined} */
  let ending;
  let ended = false;
  let keep = false;
  /** It was given some that nobody there waited for. */
  let polled = false;

  /** @param {Cut} cut */
  function send({ bytes, records, blocks, source, end }) {
    const run = runs++;
    given.push({ run, source, bytes: bytes.byteLength, end });
    givenBytes += bytes.byteLength;
    sink.records += records;
    sink.wants -= records;
    polled = kind === 'mpmc' && !sink.waiting;
    const { turns } = sink;
    post({ op: 'data', run, bytes, records, blocks, lost, keep, turns }, [bytes, ...blocks]);
    lost = 0;
  }

  /** Sends on, and forgets the oldest where there is too much. */
  function catchUp() {
    while (behind.length > 0 && givenBytes < capacity) {
      const cut = /** @type {Cut} */ (behind.shift());
      behindBytes -= cut.bytes.byteLength;
      send(cut);
    }
    while (behindBytes > capacity) {
      const cut = /** @type {Cut} */ (behind.shift());
      behindBytes -= cut.bytes.byteLength;
      lost += cut.records;
      onLost(cut.records);
    }
    if (ending && behind.length === 0 && !ended) {
      ended = true;
      post(ending);
    }
  }

  /** @type {Sink} */
  const sink = {
    wants: kind === 'mpmc' ? 0 : Infinity,
    waiting: false,
    records: 0,
    turns: 0,
    owed: 0,

    give(cut) {
      if (kind !== 'broadcast') {
        send(cut);
        return;
      }
      behind.push(cut);
      behindBytes += cut.bytes.byteLength;
      catchUp();
    },

    free(bytes, records, spare = []) {
      sink.records -= records;
      givenBytes -= bytes;
      for (let left = bytes; left > 0; ) {
        const first = given[0];
        const part = Math.min(left, first.bytes);
        const buffers = spare.splice(0);
        first.source?.post({ op: 'free', bytes: part, spare: buffers }, buffers);
        left -= part;
        first.bytes -= part;
        if (first.bytes === 0) given.shift();
      }
      catchUp();
    },

    takeBack: (parts) =>
      parts.reverse().map(({ run, bytes, blocks }) => {
        const at = given.findIndex((one) => one.run === run);
        const one = given[at];
        const { byteLength } = bytes;
        const words = new Int32Array(bytes);
        sink.records -= measure(words, 0, byteLength, Infinity, () => {}).records;
        givenBytes -= byteLength;
        one.bytes -= byteLength;
        one.end -= byteLength;
        if (one.bytes === 0) given.splice(at, 1);
        return toRun(bytes, blocks, one.source, one.end);
      }),

    hasTurned(turns, seen) {
      sink.turns = turns;
      sink.owed = given.filter(({ run }) => run > seen).length;
    },

    yield() {
      if (!polled) return;
      polled = false;
      post({ op: 'yield' });
    },

    settleAll() {
      const all = { records: sink.records, bytes: givenBytes };
      sink.free(givenBytes, sink.records);
      return all;
    },

    finish() {
      sink.wants = Infinity;
      sink.owed = 0;
      keep = true;
    },

    end(message) {
      ending ??= message;
      catchUp();
    },

    resume() {
      if (ended) post({ op: 'resume' });
      ending = undefined;
      ended = false;
    },
  };
  return sink;
}
