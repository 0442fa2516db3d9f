/**
 * Carries what the creator has for a receiver into its ring: the ring's producer. What the ring has
 * no room for waits here.
 */

import { turn } from '#platform';
import { closeProducer } from '../channels/reason.js';
import * as layout from '../layout.js';
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
   * @type {{words: Int32Array, bytes: Uint8Array, at: number, blocks: ArrayBuffer[]}[]} */
  const backlog = [];
  /** Bytes of each record that is in the ring. @type {number[]} */
  const sizes = [];
  /** Of a channel with many receivers each gets what it asks for; else the one gets everything. */
  const asks = shape.kind === 'mpmc';
  let keys = 0;
  let released = 0; // records
  let wanted = 0;
  let scheduled = false;
  let told = false;
  /** @type {{code: 'closed' | 'peer-lost' | 'poisoned', reason?: import('../channels/reason.js').Reason} | undefined} */
  let ending;
  let over = false;

  function fill() {
    let filled = false;
    for (let run = backlog[0]; run; run = backlog[0]) {
      if (!put(run)) break;
      filled = true;
      if (run.at === run.bytes.length) backlog.shift();
    }
    if (ending && backlog.length === 0) close(ending);
    else if (filled) ring.filled.ring();
  }

  /** The next record. @param {typeof backlog[0]} run @returns {boolean} false: there is no room */
  function put(run) {
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
    sizes.push(size);
    return true;
  }

  /** @param {{code: string, reason?: import('../channels/reason.js').Reason}} how */
  function close({ code, reason }) {
    if (code === 'peer-lost') exports.sluice_ring_bury(at, OWNER);
    else closeProducer(ring, producer, reason);
    finish();
  }

  function tell() {
    if (over) return;
    const records = (thread.i32[receivedWord] - released) | 0;
    if (records > 0) {
      released = (released + records) | 0;
      let bytes = 0;
      for (const size of sizes.splice(0, records)) bytes += size;
      post({ op: 'free', bytes, records });
    }
    const flags = thread.i32[stateWord];
    if ((flags & layout.CONSUMER_CLOSED) !== 0 && !told) {
      told = true;
      debts.add();
      post({ op: 'end', code: 'closed', ...(asks && leftover()) });
    }
  }

  /** What this receiver was given and has not read: others may get it. */
  function leftover() {
    /** @type {Uint8Array[]} */
    const parts = [];
    /** @type {ArrayBuffer[]} */
    const blocks = [];
    // What is in the ring stands there still: its consumer has closed, and nobody zeroes it.
    let place = thread.i32[(at + layout.RING_HEAD) >> 2] & (shape.capacity - 1);
    for (const size of sizes) {
      let from = at + layout.RING_DATA + place;
      if (thread.i32[(from >> 2) + 1] === PADDING) {
        place = 0;
        from = at + layout.RING_DATA;
      }
      if (thread.i32[(from >> 2) + 1] === BLOCK) {
        blocks.push(/** @type {ArrayBuffer} */ (ring.blocks?.get(thread.i32[(from >> 2) + 2])));
      }
      parts.push(thread.u8.slice(from, from + size));
      place = (place + size) & (shape.capacity - 1);
    }
    for (const run of backlog) {
      parts.push(run.bytes.slice(run.at));
      blocks.push(...run.blocks);
    }
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let to = 0;
    for (const part of parts) {
      bytes.set(part, to);
      to += part.length;
    }
    return { bytes: bytes.buffer, blocks };
  }

  /** @param {import('../protocol.js').Data} message */
  function take({ bytes, records, blocks, lost, keep }) {
    ring.lost = (ring.lost ?? 0) + lost;
    if (asks && wanted === 0 && !keep) {
      // It gave up waiting meanwhile: another may want it.
      post({ op: 'back', bytes, records, blocks }, [bytes, ...blocks]);
      return;
    }
    wanted = Math.max(0, wanted - records);
    backlog.push({ bytes: new Uint8Array(bytes), words: new Int32Array(bytes), at: 0, blocks });
    fill();
  }

  async function tellSoon() {
    // A reader that takes record after record would otherwise cost a message for each.
    const half = sizes.length / 2;
    if (((thread.i32[receivedWord] - released) | 0) < half) await turn();
    scheduled = false;
    tell();
  }

  ring.drained.listen(() => {
    if (over) return;
    fill();
    if (scheduled) return;
    scheduled = true;
    tellSoon();
  });

  ring.pull = (records) => {
    if (!asks || over || told || wanted === records) return;
    wanted = records;
    post({ op: 'want', records });
  };

  /** @type {import('./pump-out.js').Pump} */
  const pump = {
    receive(message) {
      if (message.op === 'end') post({ op: 'ended' });
      if (message.op === 'ended') {
        debts.pay();
        finish();
      } else if (over || told) {
        return;
      } else if (message.op === 'data') {
        take(message);
      } else if (message.op === 'end') {
        ending = message;
        fill();
      }
    },

    end(code) {
      if (over) return;
      ending ??= { code };
      fill();
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
