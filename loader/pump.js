/**
 * Carries a ring across a link, where memory is not shared. Each side has a ring of the same
 * capacity; the bytes committed to one are copied, as they stand and where they stand, into the
 * other, and what the receiver at the end releases is released all the way back. So a sender sees
 * the same back-pressure as over shared memory, to the byte.
 *
 * @typedef {{
 *   receive(message: import('./protocol.js').PumpMessage): void,
 *   end(code: 'closed' | 'peer-lost' | 'poisoned', reason?: import('./errors.js').PlainError): void,
 *   settled(): Promise<void>,
 * }} Pump `end`: the far end is gone; `settled`: the far side knows all that there is to know
 */

import { keepAlive, turn } from '#platform';
import { Status, statusError } from './errors.js';
import * as layout from './layout.js';
import { closeProducer, readReason } from './reason.js';
import { check } from './thread.js';

/**
 * From this ring to the far one: the ring's consumer here.
 *
 * @param {import('./ring.js').Ring} ring
 * @param {(message: any, transfer?: Transferable[]) => void} post
 * @param {number} owner
 * @returns {Pump}
 */
export function pumpOut(ring, post, owner) {
  const { thread, at } = ring;
  const { exports } = thread;
  const consumer = thread.alloc(layout.CONSUMER_BYTES);
  check(
    exports.sluice_ring_consumer_open(consumer, at, ring.shape.capacity, owner),
    `the receiver of channel "${ring.shape.name}"`,
  );
  const tailWord = (at + layout.RING_TAIL) >> 2;
  const debts = makeDebts();
  let acknowledged = 0; // bytes, modulo 2^32 like the tail's low word
  let scheduled = false;
  let told = false;
  let over = false;
  /** @type {{tail: number, resolve: () => void, reject: (reason: unknown) => void}[]} */
  const waiting = [];

  function flush() {
    scheduled = false;
    if (over) return;
    for (;;) {
      const from = exports.sluice_ring_take(consumer) >>> 0;
      if (from === 0) break;
      const length = thread.i32[(consumer + layout.CONSUMER_LENGTH) >> 2];
      const copy = new Uint8Array(length);
      copy.set(thread.u8.subarray(from, from + length));
      debts.add(length);
      post({ op: 'data', bytes: copy.buffer }, [copy.buffer]);
    }
    const status = thread.i32[(consumer + layout.CONSUMER_STATUS) >> 2];
    if (status !== Status.EMPTY && !told) {
      told = true;
      debts.add(1);
      post({ op: 'end', code: endCode(status), reason: readReason(ring) });
    }
  }

  function flushSoon() {
    if (scheduled || told) return;
    scheduled = true;
    queueMicrotask(flush);
  }

  ring.flush = flush;
  ring.filled.listen(flushSoon);

  /** @param {number} tail */
  const isAcknowledged = (tail) => ((acknowledged - tail) | 0) >= 0;

  /** @type {Pump & {committed(): Promise<void> | undefined}} */
  const pump = {
    receive(message) {
      if (over) {
        if (message.op === 'end') post({ op: 'ended' });
      } else if (message.op === 'got') {
        acknowledged = (acknowledged + message.bytes) | 0;
        debts.pay(message.bytes);
        while (waiting.length > 0 && isAcknowledged(waiting[0].tail)) waiting.shift()?.resolve();
      } else if (message.op === 'free') {
        exports.sluice_ring_release_bytes(consumer, message.bytes);
        ring.drained.ring();
        // While all of the ring was on its way, the core could not look for the end behind it.
        flushSoon();
      } else if (message.op === 'ended') {
        debts.pay(1);
      } else if (message.op === 'end') {
        post({ op: 'ended' });
        pump.end(message.code);
      }
    },

    end(code) {
      if (over) return;
      over = true;
      if (code === 'peer-lost') exports.sluice_ring_bury(at, owner);
      else exports.sluice_ring_consumer_close(consumer);
      thread.free(consumer);
      debts.forgive();
      ring.drained.ring();
      const error =
        ring.failure ??
        statusError(
          code === 'peer-lost' ? Status.PEER_LOST : Status.CLOSED,
          `a send on channel "${ring.shape.name}"`,
        );
      for (const { reject } of waiting.splice(0)) reject(error);
    },

    settled() {
      flush();
      return debts.paid();
    },

    committed() {
      const tail = thread.i32[tailWord];
      if (over || isAcknowledged(tail)) return undefined;
      return new Promise((resolve, reject) => waiting.push({ tail, resolve, reject }));
    },
  };
  return pump;
}

/**
 * From the far ring to this one: the ring's producer here.
 *
 * @param {import('./ring.js').Ring} ring
 * @param {(message: any) => void} post
 * @param {number} owner
 * @returns {Pump}
 */
export function pumpIn(ring, post, owner) {
  const { thread, at } = ring;
  const { exports } = thread;
  const { capacity } = ring.shape;
  const producer = thread.alloc(layout.PRODUCER_BYTES);
  check(
    exports.sluice_ring_producer_open(producer, at, capacity, owner),
    `the sender of channel "${ring.shape.name}"`,
  );
  const headWord = (at + layout.RING_HEAD) >> 2;
  const stateWord = (at + layout.OBJECT_STATE) >> 2;
  const debts = makeDebts();
  let freed = 0;
  let scheduled = false;
  let told = false;
  let over = false;

  function tell() {
    const released = (thread.i32[headWord] - freed) | 0;
    if (released > 0) {
      freed = (freed + released) | 0;
      post({ op: 'free', bytes: released });
    }
    const flags = thread.i32[stateWord];
    const gone = layout.CONSUMER_CLOSED | layout.CONSUMER_LOST | layout.PRODUCER_CLOSED;
    if ((flags & gone) !== 0 && !over && !told) {
      told = true;
      debts.add(1);
      post({ op: 'end', code: flags & layout.CONSUMER_LOST ? 'peer-lost' : 'closed' });
    }
  }

  async function tellSoon() {
    // A reader that takes record after record would otherwise cost a message for each.
    if (((thread.i32[headWord] - freed) | 0) < capacity / 8) await turn();
    scheduled = false;
    tell();
  }

  ring.drained.listen(() => {
    if (scheduled) return;
    scheduled = true;
    tellSoon();
  });

  /** @type {Pump} */
  const pump = {
    receive(message) {
      if (over) {
        if (message.op === 'end') post({ op: 'ended' });
      } else if (message.op === 'data') {
        const bytes = new Uint8Array(message.bytes);
        const to = exports.sluice_ring_reserve(producer, bytes.length) >>> 0;
        if (to !== 0) {
          thread.u8.set(bytes, to);
          exports.sluice_ring_append(producer, bytes.length);
          ring.filled.ring();
        }
        // Refused only when this end was closed meanwhile; the far side is being told.
        post({ op: 'got', bytes: bytes.length });
      } else if (message.op === 'ended') {
        debts.pay(1);
      } else if (message.op === 'end') {
        post({ op: 'ended' });
        pump.end(message.code, message.reason);
      }
    },

    end(code, reason) {
      if (over) return;
      over = true;
      if (code === 'peer-lost') exports.sluice_ring_bury(at, owner);
      else closeProducer(ring, producer, reason);
      thread.free(producer);
      debts.forgive();
      ring.filled.ring();
    },

    settled() {
      tell();
      return debts.paid();
    },
  };
  return pump;
}

/** @param {number} status */
const endCode = (status) =>
  status === Status.PEER_LOST ? 'peer-lost' : status === Status.POISONED ? 'poisoned' : 'closed';

/** What the far side has not acknowledged yet. Until it has, this thread stays alive. */
function makeDebts() {
  let owed = 0;
  /** @type {(() => void) | undefined} */
  let letGo;
  /** @type {(() => void)[]} */
  const waiting = [];
  const debts = {
    /** @param {number} amount */
    add(amount) {
      owed += amount;
      letGo ??= keepAlive();
    },
    /** @param {number} amount */
    pay(amount) {
      owed -= amount;
      if (owed <= 0) debts.forgive();
    },
    forgive() {
      owed = 0;
      letGo?.();
      letGo = undefined;
      for (const resolve of waiting.splice(0)) resolve();
    },
    /** @returns {Promise<void>} */
    paid: () => (owed === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
  return debts;
}
