/**
 * The core's two ends of a channel, alike for every kind.
 *
 * @typedef {{
 *   claim(length: number, type: number): number, status(): number,
 *   commit(length: number): number, abort(): void,
 *   sleep(need: number): Promise<void> | undefined, wait(need: number, ns: bigint): number,
 *   close(reason?: import('./reason.js').Reason): void,
 * }} Producer `claim`: an address, 0 with `status` saying why; `sleep`: until there may be room for
 *   so many bytes, undefined to try again at once; `wait`: the same, blocking
 *
 * @typedef {{
 *   busy: boolean, readonly batch: number, readonly scratch: number,
 *   peek(): number, length(): number, type(): number, status(): number,
 *   drain(limit: number): number, release(): void, rewind(): void,
 *   sleep(): Promise<void> | undefined, pass?(): void, wait(ns: bigint): number,
 *   lost(): number, close(): void,
 * }} Consumer `peek`: the oldest record's address, 0 with `status` saying why; `drain`: reads up to so
 *   many into `batch`, gives their number or a status; `scratch`: MESSAGE_BYTES; `release`: all that was read; `rewind`: it is
 *   read again; `busy`: a batch is being shown to the user; `pass`: another consumer is to be woken in
 *   place of this one, which does not want the record any more
 */

import { statusError } from '../errors.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { closeRing } from './reason.js';
import { taken } from './ring.js';

/** A blocking read that shares its wake-ups with an asynchronous one looks so often, in ns. */
const SLICE = 5_000_000n;

/**
 * The thread's ends of rings for many are shared by its senders, or receivers: the core knows one a
 * thread.
 *
 * @template {{close(reason?: any): void}} E
 * @param {import('./ring.js').Ring} ring
 * @param {'producer' | 'consumer'} end
 * @param {boolean} share
 * @param {() => E} make
 * @returns {E}
 */
function shared(ring, end, share, make) {
  if (!share) return make();
  const known = ring[end];
  if (known) {
    known.users++;
    return known.end;
  }
  const made = make();
  const { close } = made;
  const entry = { users: 1, end: made };
  /** The first that one of them gave. @type {any} */
  let why;
  made.close = (reason) => {
    why ??= reason;
    if (--entry.users > 0) return;
    ring[end] = undefined;
    close(why);
  };
  ring[end] = entry;
  return made;
}

/** @param {import('./ring.js').Ring} ring @returns {Producer} */
export const openProducer = (ring) =>
  shared(ring, 'producer', ring.kind === 'mpsc' || ring.kind === 'mpmc', () =>
    ring.kind === 'broadcast' ? broadcastProducer(ring) : ringProducer(ring),
  );

/** @param {import('./ring.js').Ring} ring @returns {Consumer} */
export const openConsumer = (ring) =>
  shared(ring, 'consumer', ring.kind === 'mpmc', () =>
    ring.kind === 'broadcast' ? broadcastConsumer(ring) : ringConsumer(ring),
  );

/**
 * @param {import('./ring.js').Ring} ring
 * @param {'sender' | 'receiver'} end
 * @param {number} bytes that the core needs for it
 * @param {(at: number) => number} open
 * @returns {number} its address
 */
function take({ thread, shape }, end, bytes, open) {
  const at = thread.alloc(bytes);
  const status = open(at);
  if (status === Status.OK) return at;
  thread.free(at);
  throw status === Status.BUSY
    ? taken(end, shape)
    : statusError(status, `the ${end} of channel "${shape.name}"`);
}

/** @param {import('./ring.js').Ring} ring @returns {(name: string) => (...args: any[]) => number} */
const callsOf =
  ({ thread, kind }) =>
  (name) =>
    thread.exports[`sluice_ring_${kind === 'spsc' ? '' : 'many_'}${name}`];

/** @param {import('./ring.js').Ring} ring @returns {Producer} */
function ringProducer(ring) {
  const { thread, at, shape, kind } = ring;
  const many = kind !== 'spsc';
  const call = callsOf(ring);
  const producer = take(ring, 'sender', layout.PRODUCER_BYTES, (to) =>
    call('producer_open')(to, at, shape.capacity, thread.participant),
  );
  const [claim, commit, sleep] = [call('claim'), call('commit'), call('producer_sleep')];
  const status = (producer + (many ? layout.MANY_PRODUCER_STATUS : layout.PRODUCER_STATUS)) >> 2;
  const key = (producer + layout.MANY_PRODUCER_KEY) >> 2;
  return {
    claim: (length, type) => claim(producer, length, type) >>> 0,
    status: () => thread.i32[status],
    commit: (length) => commit(producer, length),
    abort: () => call('abort')(producer),
    sleep: (need) =>
      sleep(producer, need) === 1 ? ring.drained.sleep(many ? thread.i32[key] : 1) : undefined,
    wait: (need, ns) => call('producer_wait')(producer, need, ns),
    close(reason) {
      closeRing(ring, producer, reason);
      thread.free(producer);
    },
  };
}

/** @param {import('./ring.js').Ring} ring @returns {Consumer} */
function ringConsumer(ring) {
  const { thread, at, shape, kind } = ring;
  const many = kind !== 'spsc';
  const call = callsOf(ring);
  const bytes = layout.CONSUMER_BYTES + layout.BATCH * layout.RECORD_WORDS * 4;
  const consumer = take(ring, 'receiver', bytes + layout.MESSAGE_BYTES, (to) =>
    call('consumer_open')(to, at, shape.capacity, thread.participant),
  );
  const batch = consumer + layout.CONSUMER_BYTES;
  const [peek, release, drain] = [call('peek'), call('release'), call('drain')];
  const length = (consumer + (many ? layout.MANY_CONSUMER_LENGTH : layout.CONSUMER_LENGTH)) >> 2;
  const key = (consumer + layout.MANY_CONSUMER_KEY) >> 2;
  const filled = (at + layout.MANY_FILLED) >> 2;
  let asleep = 0;
  return {
    busy: false,
    batch,
    scratch: consumer + bytes,
    peek: () => peek(consumer) >>> 0,
    length: () => thread.i32[length],
    type: () => thread.i32[length + 1],
    status: () => thread.i32[length + 2],
    drain: (limit) => drain(consumer, batch, limit, 0),
    release: () => release(consumer),
    rewind: () => call('rewind')(consumer),
    sleep() {
      if (call('consumer_sleep')(consumer) !== 1) return undefined;
      if (!many) return ring.filled.sleep();
      asleep++;
      return ring.filled.sleep(thread.i32[key]).then(() => {
        asleep--;
      });
    },
    // A commit wakes one sleeper.
    pass: () => {
      if (many) Atomics.notify(thread.i32, filled, 1);
    },
    wait: (ns) => {
      // Of two sleepers of one thread the commit may wake the one that cannot run now.
      const most = asleep > 0 && (ns < 0n || ns > SLICE) ? SLICE : ns;
      return call('consumer_wait')(consumer, most);
    },
    lost: () => ring.lost,
    close() {
      call('consumer_close')(consumer);
      if (ring.transport === 'shared') {
        thread.exports.sluice_message_discard(thread.self, at - thread.base);
      }
      thread.free(consumer);
    },
  };
}

/**
 * The core copies what is sent, so a claim is a place in the thread's own memory.
 *
 * @param {import('./ring.js').Ring} ring
 * @returns {Producer}
 */
function broadcastProducer(ring) {
  const { thread, at, shape } = ring;
  const { exports } = thread;
  const writer = take(ring, 'sender', layout.WRITER_BYTES + shape.capacity / 8, (to) =>
    exports.sluice_broadcast_writer_open(to, at, shape.capacity, thread.participant),
  );
  const record = writer + layout.WRITER_BYTES;
  let claimed = -1;
  return {
    claim(length) {
      if (claimed >= 0) return 0;
      claimed = length;
      return record;
    },
    status: () => Status.BUSY,
    commit(length) {
      if (length > claimed) return Status.INVALID;
      claimed = -1;
      return exports.sluice_broadcast_send(writer, record, length, 0);
    },
    abort() {
      claimed = -1;
    },
    sleep: () => undefined,
    wait: () => Status.OK,
    close(reason) {
      closeRing(ring, writer, reason);
      thread.free(writer);
    },
  };
}

/**
 * What the writer may overwrite is copied first, and shown only when the copy is whole.
 *
 * @param {import('./ring.js').Ring} ring
 * @returns {Consumer}
 */
function broadcastConsumer(ring) {
  const { thread, at, shape } = ring;
  const { exports } = thread;
  const { capacity } = shape;
  const batch = layout.RECORD_WORDS * 4 + 4; // and up to the next multiple of 8
  const reader = take(ring, 'receiver', layout.READER_BYTES + batch + capacity / 8, (to) => {
    let status = Status.AGAIN;
    while (status === Status.AGAIN) {
      status = exports.sluice_broadcast_reader_open(to, at, capacity, NEXT);
    }
    return status;
  });
  // Who is overtaken goes on with the oldest that there is.
  thread.i32[(reader + layout.READER_FROM) >> 2] = OLDEST;
  const record = reader + layout.READER_BYTES + batch;
  /** Of the copy; or a status. */
  let length = /** @type {number} */ (Status.EMPTY);
  let shown = false;
  let lost = 0;
  /** @type {Consumer} */
  const consumer = {
    busy: false,
    batch: reader + layout.READER_BYTES,
    scratch: 0,
    peek() {
      if (length < 0) {
        length = exports.sluice_broadcast_receive(reader, record, capacity / 8);
        const all = thread.i32[(reader + layout.READER_LOST) >> 2];
        ring.lost += (all - lost) >>> 0;
        lost = all;
        // The writer was faster many times: there is something, and it can be tried again.
        if (length === Status.AGAIN) length = Status.EMPTY;
      }
      shown = length >= 0;
      return shown ? record : 0;
    },
    length: () => length,
    type: () => 0,
    status: () => length,
    drain() {
      if (consumer.peek() === 0) return length;
      const word = consumer.batch >> 2;
      thread.i32[word] = record;
      thread.i32[word + 1] = length;
      return 1;
    },
    release() {
      if (!shown) return;
      ring.received++;
      length = Status.EMPTY;
      shown = false;
    },
    rewind() {
      shown = false;
    },
    sleep: () =>
      length < 0 && exports.sluice_broadcast_sleep(reader) === 1
        ? ring.filled.sleep(thread.i32[(reader + layout.READER_KEY) >> 2])
        : undefined,
    wait: (ns) => (length < 0 ? exports.sluice_broadcast_wait(reader, ns) : Status.OK),
    lost: () => lost >>> 0,
    close: () => thread.free(reader),
  };
  return consumer;
}

/** Where a reader starts, and goes on. */
const OLDEST = 0;
const NEXT = 2;
