/**
 * Carries what the creator has for a receiver into its ring: the ring's producer. What the ring has
 * no room for waits here.
 */

import { turn } from '#platform';
import { closeRing } from '../channels/reason.js';
import { statusError } from '../errors.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { check } from '../thread.js';
import { makeDebts } from './debts.js';
import { aligned, BLOCK, HEADER, PADDING } from './frames.js';
import { OWNER } from './pump-out.js';

/**
 * @param {import('../channels/ring.js').Ring} ring
 * @param {(message: any, transfer?: Transferable[]) => void} post
 * @param {() => void} onOver
 * @returns {import('./pump-out.js').Pump}
 */
export function pumpIn(ring, post, onOver) {
  const { thread, at, shape } = ring;
  const { exports } = thread;
  const producer = thread.alloc(layout.PRODUCER_BYTES);
  check(
    exports.sluice_ring_producer_open(producer, at, shape.capacity, OWNER),
    `the sender of channel "${shape.name}"`,
  );
  const receivedWord = (at + layout.RING_RECEIVED) >> 2;
  const stateWord = (at + layout.OBJECT_STATE) >> 2;
  const debts = makeDebts();
  /** What came and is not in the ring yet: from `at` on.
   * @type {{run: number, words: Int32Array, bytes: Uint8Array, at: number, blocks: ArrayBuffer[]}[]} */
  const backlog = [];
  /** Each record that is in the ring: its bytes, and the run that it came in.
   * @type {{size: number, run: number}[]} */
  const there = [];
  /** Of a channel with many receivers each gets what it asks for, and only what is read at once goes
   * into its ring: the rest may still go back. Else the one receiver gets everything. */
  const asks = shape.kind === 'mpmc';
  let keys = 0;
  let released = 0; // records
  let wanted = 0;
  let turns = 0; // how often it gave back
  let seen = -1; // the last run
  let waits = false;
  let scheduled = false;
  let told = false;
  /** @type {{code: 'closed' | 'peer-lost' | 'poisoned', reason?: import('../channels/reason.js').Reason} | undefined} */
  let ending;
  /** The ring's producer is; and nobody is there to be told. */
  let closed = false;
  let gone = false;
  let over = false;

  /** @param {number} [limit] records @returns {number} how many they were */
  function fill(limit = Infinity) {
    let count = 0;
    for (let run = backlog[0]; run && count < limit; run = backlog[0]) {
      if (!put(run)) break;
      count++;
      if (run.at === run.bytes.length) backlog.shift();
    }
    if (ending && backlog.length === 0) close(ending);
    else if (count > 0) ring.filled.ring();
    return count;
  }

  /** The next record. @param {typeof backlog[0]} run @returns {boolean} false: there is no room */
  function put(run) {
    if (over || closed) return false;
    const { words, bytes } = run;
    const word = run.at >> 2;
    const length = words[word] - HEADER;
    const type = words[word + 1];
    const to = exports.sluice_ring_claim(producer, length, type) >>> 0;
    if (to === 0) return false;
    const from = run.at + HEADER;
    thread.u8.set(bytes.subarray(from, from + length), to);
    if (type === BLOCK) {
      keys = (keys + 1) | 0;
      thread.i32[to >> 2] = keys;
      ring.blocks?.set(keys, /** @type {ArrayBuffer} */ (run.blocks.shift()));
    }
    exports.sluice_ring_commit(producer, length);
    const size = aligned(words[word]);
    run.at += size;
    there.push({ size, run: run.run });
    return true;
  }

  /** @param {{code: string, reason?: import('../channels/reason.js').Reason}} how */
  function close({ code, reason }) {
    if (closed) return;
    if (code === 'peer-lost' && shape.kind !== 'spsc' && !gone) {
      // Another sender may come.
      ending = undefined;
      ring.orphan = statusError(Status.PEER_LOST, `channel "${shape.name}"`);
      ring.filled.ring();
      return;
    }
    closed = true;
    if (code === 'peer-lost') exports.sluice_ring_bury(at, OWNER);
    else closeRing(ring, producer, reason);
    ring.filled.ring();
    // What is in the ring is still to be read, and to be told.
    if (gone || there.length === 0) finish();
  }

  function tell() {
    if (over) return;
    const records = (thread.i32[receivedWord] - released) | 0;
    if (records > 0) {
      released = (released + records) | 0;
      let bytes = 0;
      for (const { size } of there.splice(0, records)) bytes += size;
      const spare = ring.spare?.splice(0) ?? [];
      post({ op: 'free', bytes, records, spare }, spare);
    }
    if (closed && there.length === 0) {
      finish();
      return;
    }
    const flags = thread.i32[stateWord];
    if ((flags & layout.CONSUMER_CLOSED) !== 0 && !told) {
      told = true;
      debts.add();
      const parts = asks ? [...unread(), ...unseen()] : [];
      post({ op: 'end', code: 'closed', parts });
    }
  }

  /** What this receiver was given, and has not been put into its ring: others may get it.
   * @returns {import('./runs.js').Part[]} */
  const unseen = () =>
    backlog.splice(0).map(({ run, bytes, at: from, blocks }) => ({
      run,
      bytes: bytes.slice(from).buffer,
      blocks,
    }));

  /** What is in the ring, and was not read. */
  function unread() {
    /** @type {import('./runs.js').Part[]} */
    const parts = [];
    // What is in the ring stands there still: its consumer has closed, and nobody zeroes it.
    let place = thread.i32[(at + layout.RING_HEAD) >> 2] & (shape.capacity - 1);
    for (const { size, run } of there) {
      let from = at + layout.RING_DATA + place;
      if (thread.i32[(from >> 2) + 1] === PADDING) {
        place = 0;
        from = at + layout.RING_DATA;
      }
      const block =
        thread.i32[(from >> 2) + 1] === BLOCK
          ? ring.blocks?.get(thread.i32[(from >> 2) + 2])
          : undefined;
      const { buffer } = new Uint8Array(thread.u8.subarray(from, from + size));
      parts.push({ run, bytes: buffer, blocks: block ? [block] : [] });
      place = (place + size) & (shape.capacity - 1);
    }
    return parts;
  }

  /** Gives back what is not in the ring, and from then on what the creator sent before it hears. */
  function giveBack() {
    turns = (turns + 1) | 0;
    sendBack({ records: wanted, seen });
  }

  /** @param {{records: number, seen: number}} [news] */
  function sendBack(news) {
    const parts = unseen();
    const buffers = parts.flatMap(({ bytes, blocks }) => [bytes, ...blocks]);
    post({ op: 'back', parts, turns, ...news }, buffers);
  }

  /** @param {import('../protocol.js').Data} message */
  function take({ run, bytes, records, blocks, lost, keep, turns: theirs }) {
    ring.lost += lost;
    seen = run;
    // What was given back is older, and comes again first.
    const late = asks && !keep && theirs !== turns;
    const unwanted = asks && (told || (wanted === 0 && !keep));
    if (!late) wanted = Math.max(0, wanted - records);
    backlog.push({
      run,
      bytes: new Uint8Array(bytes),
      words: new Int32Array(bytes),
      at: 0,
      blocks,
    });
    if (late) sendBack();
    else if (unwanted) giveBack();
    else if (asks) ring.filled.ring();
    else fill();
  }

  async function tellSoon() {
    // A reader that takes record after record would otherwise cost a message for each.
    const half = there.length / 2;
    if (((thread.i32[receivedWord] - released) | 0) < half) await turn();
    scheduled = false;
    tell();
  }

  ring.drained.listen(() => {
    if (over) return;
    if (!asks) fill();
    if (scheduled || over) return;
    scheduled = true;
    tellSoon();
  });

  ring.pull = (records, waiting = false) => {
    if (!asks || over || told || (records > 0 && fill(records) > 0)) return;
    if (records === 0 && backlog.length > 0) giveBack();
    if (wanted === records && waits === waiting) return;
    wanted = records;
    waits = waiting;
    post({ op: 'want', records, waiting });
    fill(records); // the creator has given it at once
  };

  /** @type {import('./pump-out.js').Pump} */
  const pump = {
    receive(message) {
      if (message.op === 'end') post({ op: 'ended' });
      if (message.op === 'ended') {
        debts.pay();
        finish();
      } else if (over || (told && !asks)) {
        return;
      } else if (message.op === 'data') {
        take(message);
      } else if (message.op === 'yield') {
        if (backlog.length > 0) wanted = 0;
        giveBack();
      } else if (message.op === 'resume') {
        ring.orphan = undefined;
        ending = undefined; // it may still wait for room
      } else if (message.op === 'end') {
        ending = message;
        fill(asks ? 0 : Infinity);
      }
    },

    end(code) {
      if (over) return;
      gone = true;
      ending ??= { code };
      if (closed) finish();
      else fill(asks ? 0 : Infinity);
    },

    flush: tell,

    settled() {
      tell();
      return debts.paid();
    },
  };

  /** Nothing more comes or goes. */
  function finish() {
    if (over) return;
    over = true;
    thread.free(producer);
    debts.forgive();
    ring.filled.ring();
    onOver();
  }

  return pump;
}
