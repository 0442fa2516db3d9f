/**
 * Carries what a sender commits to its ring to the creator: the ring's consumer. What the receivers
 * release is released here, so that a sender's ring is as full as if it were theirs.
 *
 * @typedef {{
 *   receive(message: import('../protocol.js').ChannelMessage): void,
 *   end(code: 'closed' | 'peer-lost' | 'poisoned'): void,
 *   flush(): void,
 *   settled(): Promise<void>,
 * }} Pump `end`: the far end is gone; `flush`: says now what there is to say; `settled`: it has acknowledged all that there is
 */

import { readReason } from '../channels/reason.js';
import { statusError } from '../errors.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { check } from '../thread.js';
import { makeDebts } from './debts.js';
import { measure } from './frames.js';
import { keepSpare } from './heap-blocks.js';

/** Of the pumps' ends; participants' ids are lower. */
export const OWNER = 0x40000000;

/**
 * @param {import('../channels/ring.js').Ring} ring
 * @param {(message: any, transfer?: Transferable[]) => void} post
 * @param {() => void} onOver
 * @returns {Pump}
 */
export function pumpOut(ring, post, onOver) {
  const { thread, at, shape } = ring;
  const { exports } = thread;
  const consumer = thread.alloc(layout.CONSUMER_BYTES);
  check(
    exports.sluice_ring_consumer_open(consumer, at, shape.capacity, OWNER),
    `the receiver of channel "${shape.name}"`,
  );
  const tailWord = (at + layout.RING_TAIL) >> 2;
  const stateWord = (at + layout.OBJECT_STATE) >> 2;
  const debts = makeDebts();
  /** Ring bytes, modulo 2^32 like the tail's low word. */
  let taken = 0;
  let acknowledged = 0;
  let scheduled = false;
  let told = false;
  let over = false;
  /** What was posted and is not acknowledged: the tail behind it. @type {number[]} */
  const posted = [];
  /** What was posted and is not released, with the padding behind it.
   * @type {{bytes: number, padding: number}[]} */
  const spans = [];
  /** @type {{tail: number, resolve: () => void, reject: (reason: unknown) => void}[]} */
  const waiting = [];

  function flush() {
    scheduled = false;
    if (over) return;
    for (;;) {
      const from = exports.sluice_ring_take(consumer) >>> 0;
      if (from === 0) break;
      postFrames(from, thread.i32[(consumer + layout.CONSUMER_LENGTH) >> 2]);
    }
    const status = thread.i32[(consumer + layout.CONSUMER_STATUS) >> 2];
    if (status !== Status.EMPTY && !told) {
      told = true;
      debts.add();
      post({ op: 'end', code: endCode(status), reason: readReason(ring) });
    }
  }

  /** @param {number} from @param {number} length */
  function postFrames(from, length) {
    /** @type {ArrayBuffer[]} */
    const blocks = [];
    const { records, bytes } = measure(thread.i32, from, from + length, Infinity, (word) => {
      const key = thread.i32[word + 2];
      blocks.push(/** @type {ArrayBuffer} */ (ring.blocks?.get(key)));
      ring.blocks?.delete(key);
    });
    taken = (taken + length) | 0;
    const padding = length - bytes;
    if (bytes === 0) {
      // A padding alone: it goes with what it follows, and has arrived with that.
      if (posted.length > 0) posted[posted.length - 1] = taken;
      else acknowledge(taken);
      const last = spans.at(-1);
      if (last) last.padding += padding;
      else exports.sluice_ring_release_bytes(consumer, padding);
      return;
    }
    const copy = new Uint8Array(bytes);
    copy.set(thread.u8.subarray(from, from + bytes));
    spans.push({ bytes, padding });
    posted.push(taken);
    debts.add();
    post({ op: 'data', bytes: copy.buffer, records, blocks }, [copy.buffer, ...blocks]);
  }

  function flushSoon() {
    if (scheduled || told) return;
    scheduled = true;
    queueMicrotask(flush);
  }

  /** @param {number} bytes */
  function release(bytes) {
    let released = bytes;
    for (let left = bytes; left > 0; ) {
      const span = spans[0];
      const part = Math.min(left, span.bytes);
      left -= part;
      span.bytes -= part;
      if (span.bytes === 0) released += /** @type {any} */ (spans.shift()).padding;
    }
    exports.sluice_ring_release_bytes(consumer, released);
    ring.drained.ring();
    // While all of the ring was on its way, the core could not look for the end behind it.
    flushSoon();
  }

  /** @param {number} tail */
  function acknowledge(tail) {
    acknowledged = tail;
    while (waiting.length > 0 && isAcknowledged(waiting[0].tail)) waiting.shift()?.resolve();
  }

  /** @param {number} tail */
  const isAcknowledged = (tail) => ((acknowledged - tail) | 0) >= 0;

  /** Has it outlived the channel's receivers, and not said that it closed? Others may come after them. */
  let orphaned = false;

  /** Without receivers nothing else is to be said. */
  function tellClosed() {
    if ((thread.i32[stateWord] & layout.PRODUCER_CLOSED) === 0) return;
    orphaned = false;
    post({ op: 'end', code: 'closed', reason: readReason(ring) });
  }

  ring.filled.listen(() => {
    if (orphaned) tellClosed();
    else flushSoon();
  });
  ring.committed = () => {
    const tail = thread.i32[tailWord];
    if (over || isAcknowledged(tail)) return undefined;
    // Behind a claim that was given up there may be a padding, of which nobody has told.
    if (taken !== tail) flushSoon();
    return new Promise((resolve, reject) => waiting.push({ tail, resolve, reject }));
  };

  /** @param {'closed' | 'peer-lost' | 'poisoned'} code */
  const lost = (code) =>
    statusError(
      code === 'peer-lost' ? Status.PEER_LOST : Status.CLOSED,
      `a send on channel "${shape.name}"`,
    );

  /** @type {Pump} */
  const pump = {
    receive(message) {
      if (message.op === 'end') {
        post({ op: 'ended' });
        if (message.code === 'peer-lost' && shape.kind !== 'spsc') {
          // Another receiver may come.
          ring.orphan = lost('peer-lost');
          ring.drained.ring();
          return;
        }
        orphaned = !told && !over;
        if (orphaned) tellClosed();
        pump.end(message.code);
      } else if (over) {
        return;
      } else if (message.op === 'resume') {
        ring.orphan = undefined;
      } else if (message.op === 'got') {
        acknowledge(/** @type {number} */ (posted.shift()));
        debts.pay();
      } else if (message.op === 'free') {
        keepSpare(ring, message.spare);
        release(message.bytes);
      } else if (message.op === 'ended') {
        debts.pay();
        finish();
      }
    },

    end(code) {
      if (over) return;
      ring.orphan = undefined; // what the ring says from now on is for good
      if (code === 'peer-lost') exports.sluice_ring_bury(at, OWNER);
      else exports.sluice_ring_consumer_close(consumer);
      const error = ring.failure ?? lost(code);
      for (const { reject } of waiting.splice(0)) reject(error);
      finish();
    },

    flush,

    settled() {
      flush();
      return debts.paid();
    },
  };

  /** Nothing more comes or goes. */
  function finish() {
    over = true;
    thread.free(consumer);
    debts.forgive();
    ring.drained.ring();
    onOver();
  }

  return pump;
}

/** @param {number} status */
const endCode = (status) =>
  status === Status.PEER_LOST ? 'peer-lost' : status === Status.POISONED ? 'poisoned' : 'closed';
