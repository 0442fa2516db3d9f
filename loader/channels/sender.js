/**
 * The producer's end of a channel.
 *
 * @typedef {{
 *   readonly memory: Uint8Array, readonly offset: number, readonly length: number,
 *   commit(length?: number): void, abort(): void,
 * }} Claim where to write a record in place: `length` bytes of `memory` from `offset` on, until it is
 *   committed, perhaps shortened, or aborted
 */

/**
 * @template T
 * @typedef {{
 *   trySend(value: T): boolean,
 *   send(value: T, wait?: import('../wait.js').Wait): Promise<void>,
 *   sendSync(value: T, wait?: import('../wait.js').WaitSync): void,
 *   sendMany(values: Iterable<T>, wait?: import('../wait.js').Wait): Promise<number>,
 *   claim(length: number): Claim | undefined,
 *   ready(length: number, wait?: import('../wait.js').Wait): Promise<void>,
 *   readySync(length: number, wait?: import('../wait.js').WaitSync): void,
 *   readonly writable: WritableStream<T>,
 *   close(reason?: unknown): void, [Symbol.dispose](): void,
 * }} Sender close(): the receiver reads what was sent, then the end; with a `reason` it gets an error
 *   whose `cause` is that
 */

import { DISPOSE } from '../dispose.js';
import { SluiceError, Status, statusError } from '../errors.js';
import * as layout from '../layout.js';
import { blockUntil } from '../sync.js';
import { check } from '../thread.js';
import { within } from '../wait.js';
import { makeQueue, NOT_YET } from './queue.js';
import { closeProducer, plainReason } from './reason.js';

/**
 * @template T
 * @param {import('./ring.js').Ring} ring
 * @param {import('../codec.js').Codec<T>} codec
 * @param {'wait' | 'fail'} overflow
 * @param {() => void} onClose
 * @returns {Sender<T>}
 */
export function makeSender(ring, codec, overflow, onClose) {
  const { thread, shape } = ring;
  const { exports } = thread;
  const { name, capacity } = shape;
  const what = `channel "${name}"`;
  const producer = thread.alloc(layout.PRODUCER_BYTES);
  const statusWord = (producer + layout.PRODUCER_STATUS) >> 2;
  const headWord = (ring.at + layout.RING_HEAD) >> 2;
  const opened = exports.sluice_ring_producer_open(producer, ring.at, capacity, thread.participant);
  if (opened !== Status.OK) {
    thread.free(producer);
    if (opened !== Status.BUSY) throw statusError(opened, `the sender of ${what}`);
    throw new SluiceError('mismatch', `${what} has a sender already, and its kind is "spsc"`);
  }
  let closed = false;

  const queue = makeQueue(
    ring.drained,
    (need) => exports.sluice_ring_producer_sleep(producer, need) === 1,
    `a send on ${what}`,
  );

  /**
   * Room for `length` bytes: its address, 0 when there is none now.
   *
   * @param {number} length
   * @returns {number}
   */
  function tryClaim(length) {
    if (closed) throw new SluiceError('closed', `this sender of ${what} is closed`);
    if (ring.failure) throw ring.failure;
    if (!Number.isInteger(length) || length < 0) {
      throw new TypeError(`a record's length is a whole number of bytes, not ${String(length)}`);
    }
    if (length > capacity / 8) throw tooLarge(length);
    const at = exports.sluice_ring_claim(producer, length, 0);
    if (at !== 0) return at >>> 0;
    const status = thread.i32[statusWord];
    if (status === Status.FULL) return flushed() ? tryClaim(length) : 0;
    if (status === Status.BUSY)
      throw new SluiceError('mismatch', `${what}: commit or abort the open claim first`);
    if (status === Status.CLOSED)
      throw new SluiceError('closed', `${what} was closed by its receiver, or with its space`);
    throw statusError(status, what);
  }

  /** On the message transport: has that made room? */
  function flushed() {
    const head = thread.i32[headWord];
    ring.flush?.();
    return thread.i32[headWord] !== head;
  }

  /** @param {number} length */
  const tooLarge = (length) =>
    new SluiceError(
      'too-large',
      `a record of ${length} bytes on ${what}: it carries at most ${capacity / 8}, an eighth of its capacity`,
    );

  /** @param {T} value @returns {boolean} false when the ring is full */
  function put(value) {
    const at = tryClaim(codec.size(value));
    if (at === 0) return false;
    let written;
    try {
      written = codec.encode(value, thread.u8, at);
    } catch (error) {
      exports.sluice_ring_abort(producer);
      throw error;
    }
    publish(written);
    return true;
  }

  /** @param {number} length */
  function publish(length) {
    const status = exports.sluice_ring_commit(producer, length);
    if (status !== Status.OK) {
      exports.sluice_ring_abort(producer);
      check(status, `the claim on ${what}`);
    }
    ring.filled.ring();
  }

  /** @param {import('../wait.js').Wait} [wait] @returns {Promise<void>} */
  function committed(wait) {
    const pending = ring.committed?.();
    return pending ? within(pending, wait, `a send on ${what}`) : DONE;
  }

  const full = () => new SluiceError('full', `${what} is full, and its overflow is "fail"`);

  /** @type {Claim & {offset: number, length: number}} */
  const claim = {
    get memory() {
      return thread.u8;
    },
    offset: 0,
    length: 0,
    commit(length = claim.length) {
      if (closed) throw new SluiceError('closed', `this sender of ${what} is closed`);
      publish(length);
    },
    abort() {
      if (!closed) exports.sluice_ring_abort(producer);
    },
  };

  /** @type {WritableStream<T> | undefined} */
  let writable;

  /** @type {Sender<T>} */
  const sender = {
    trySend: (value) => queue.length === 0 && put(value),

    async send(value, wait) {
      wait?.signal?.throwIfAborted();
      if (queue.length > 0 || !put(value)) {
        if (overflow === 'fail') throw full();
        const need = codec.size(value);
        await queue.add({ attempt: () => (put(value) ? undefined : NOT_YET), need }, wait);
      }
      return committed(wait);
    },

    sendSync(value, wait) {
      const need = codec.size(value);
      blockUntil(
        ring,
        (ns) =>
          exports.sluice_ring_producer_wait(producer, queue.length > 0 ? queue.need : need, ns),
        () => (queue.length === 0 || flushQueue()) && put(value),
        wait,
        `a send on ${what}`,
        overflow === 'fail' ? full : undefined,
      );
    },

    async sendMany(values, wait) {
      wait?.signal?.throwIfAborted();
      const iterator = values[Symbol.iterator]();
      let count = 0;
      /** Sends what fits now, and gives the value that does not. V8 11 runs such a loop at half its
       * speed where it holds an await. */
      function sendWhatFits() {
        for (let step = iterator.next(); !step.done; step = iterator.next()) {
          if (queue.length > 0 || !put(step.value)) return step;
          count++;
        }
        return undefined;
      }
      try {
        for (let left = sendWhatFits(); left; left = sendWhatFits()) {
          await sender.send(left.value, wait);
          count++;
        }
      } catch (error) {
        iterator.return?.();
        throw error;
      }
      await committed(wait);
      return count;
    },

    claim(length) {
      const at = queue.length === 0 ? tryClaim(length) : 0;
      if (at === 0) return undefined;
      claim.offset = at;
      claim.length = length;
      return claim;
    },

    async ready(length, wait) {
      const attempt = () => (hasRoom(length) ? undefined : NOT_YET);
      if (queue.length > 0 || attempt() === NOT_YET)
        await queue.add({ attempt, need: length }, wait);
    },

    readySync(length, wait) {
      blockUntil(
        ring,
        (ns) =>
          exports.sluice_ring_producer_wait(producer, queue.length > 0 ? queue.need : length, ns),
        () => (queue.length === 0 || flushQueue()) && hasRoom(length),
        wait,
        `room on ${what}`,
      );
    },

    get writable() {
      writable ??= new WritableStream({
        write: (value) => sender.send(value),
        close: () => sender.close(),
        abort: (reason) => sender.close(reason),
      });
      return writable;
    },

    close(reason) {
      if (closed) return;
      closed = true;
      closeProducer(ring, producer, plainReason(reason));
      ring.filled.ring();
      ring.drained.ring();
      thread.free(producer);
      queue.clear(new SluiceError('closed', `this sender of ${what} was closed while it waited`));
      onClose();
    },

    [DISPOSE]: () => sender.close(),
  };

  /** @param {number} length */
  function hasRoom(length) {
    if (tryClaim(length) === 0) return false;
    exports.sluice_ring_abort(producer);
    return true;
  }

  /** Does what waits asynchronously, in its order. @returns {boolean} all done */
  function flushQueue() {
    while (queue.length > 0) if (!queue.step()) return false;
    return true;
  }

  return sender;
}

const DONE = Promise.resolve();
