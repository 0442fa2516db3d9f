/**
 * A receiver, as the relay sees it: what it was given and has not released.
 *
 * @typedef {import('./runs.js').Part} Part
 * @typedef {{
 *   wants: number,
 *   give(part: Part): void,
 *   free(bytes: number, records: number): void,
 *   takeBack(bytes: ArrayBuffer, blocks: ArrayBuffer[]): import('./runs.js').Run[],
 *   settleAll(): number,
 *   end(message: {op: 'end'}): void,
 *   finish(): void,
 * }} Sink `wants`: so many records more; `takeBack`: the last of what it was given, unread;
 *   `settleAll`: frees all that it has, and says how many records that were; `finish`: it is given
 *   all that there is, and keeps it
 */

import { measure } from './frames.js';
import { toRun } from './runs.js';

/**
 * @param {import('./runs.js').Post} post
 * @param {string} kind
 * @param {number} capacity of a broadcast: more than that is not kept for a receiver that does not read
 * @returns {Sink}
 */
export function makeSink(post, kind, capacity) {
  /** Oldest first. @type {{source: import('./runs.js').Source | undefined, bytes: number}[]} */
  const given = [];
  /** Broadcast: what it has to wait for, and its bytes. @type {Part[]} */
  const behind = [];
  let behindBytes = 0;
  let givenBytes = 0;
  let records = 0;
  let lost = 0;
  /** @type {{op: 'end'} | undefined} */
  let ending;
  let ended = false;
  let keep = false;

  /** @param {Part} part */
  function send({ bytes, records: count, blocks, source }) {
    given.push({ source, bytes: bytes.byteLength });
    givenBytes += bytes.byteLength;
    records += count;
    sink.wants -= count;
    post({ op: 'data', bytes, records: count, blocks, lost, keep }, [bytes, ...blocks]);
    lost = 0;
  }

  /** Sends on, and forgets the oldest where there is too much. */
  function catchUp() {
    while (behind.length > 0 && givenBytes < capacity) {
      const part = /** @type {Part} */ (behind.shift());
      behindBytes -= part.bytes.byteLength;
      send(part);
    }
    while (behindBytes > capacity) {
      const part = /** @type {Part} */ (behind.shift());
      behindBytes -= part.bytes.byteLength;
      lost += part.records;
    }
    if (ending && behind.length === 0 && !ended) {
      ended = true;
      post(ending);
    }
  }

  /** @type {Sink} */
  const sink = {
    wants: kind === 'mpmc' ? 0 : Infinity,

    give(part) {
      if (kind !== 'broadcast') {
        send(part);
        return;
      }
      behind.push(part);
      behindBytes += part.bytes.byteLength;
      catchUp();
    },

    free(bytes, count) {
      records -= count;
      givenBytes -= bytes;
      for (let left = bytes; left > 0; ) {
        const first = given[0];
        const part = Math.min(left, first.bytes);
        first.source?.post({ op: 'free', bytes: part });
        left -= part;
        first.bytes -= part;
        if (first.bytes === 0) given.shift();
      }
      catchUp();
    },

    takeBack(bytes, blocks) {
      /** @type {import('./runs.js').Run[]} */
      const runs = [];
      for (let end = bytes.byteLength; end > 0; ) {
        const last = given[given.length - 1];
        const part = Math.min(end, last.bytes);
        const own = bytes.slice(end - part, end);
        let count = 0;
        const found = measure(new Int32Array(own), 0, part, Infinity, () => count++);
        runs.unshift(toRun(own, blocks.splice(blocks.length - count), last.source));
        records -= found.records;
        givenBytes -= part;
        end -= part;
        last.bytes -= part;
        if (last.bytes === 0) given.pop();
      }
      return runs;
    },

    settleAll() {
      const count = records;
      sink.free(givenBytes, records);
      return count;
    },

    finish() {
      sink.wants = Infinity;
      keep = true;
    },

    end(message) {
      ending ??= message;
      catchUp();
    },
  };
  return sink;
}
