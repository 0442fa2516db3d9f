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
 * }} Sender one `claim` at a time, in each thread that has several senders of a channel. close(): when
 *   all senders have closed, the receivers read what was sent, then the end; where one of them gave a
 *   `reason`, an error in its place, whose `cause` is the first that was given
 */

import { DISPOSE } from '../dispose.js';
import { SluiceError, statusError } from '../errors.js';
import { gettersOf, withGetters } from '../getters.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { blockUntil } from '../sync.js';
import { check } from '../thread.js';
import { requireWait, within } from '../wait.js';
import { makeBlocks } from './blocks.js';
import { openProducer } from './ends.js';
import { makeQueue, NOT_YET } from './queue.js';
import { plainReason } from './reason.js';

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
  const { name, capacity, kind } = shape;
  const longest = capacity / 8;
  const what = `channel "${name}"`;
  const headWord = (ring.at + layout.RING_HEAD) >> 2;
  const producer = openProducer(ring);
  const blocks = makeBlocks(ring);
  let closed = false;

  const queue = makeQueue(
    { sleep: (need) => (blocks.short ? blocks.sleep() : producer.sleep(inRing(need))) },
    `a send on ${what}`,
  );
  const waiting = queue.items;

  /** Bytes that a record of so many takes of the ring. @param {number} length */
  const inRing = (length) => (length > longest ? layout.MESSAGE_BYTES : length);

  const notOpen = () =>
    closed
      ? new SluiceError('closed', `this sender of ${what} is closed`)
      : (ring.failure ?? ring.orphan);

  /**
   * Room for `length` bytes: its address, 0 when there is none now. This and `publish` run for each
   * record, and are short so that engines put them into their callers.
   *
   * @param {number} length
   * @param {number} [type]
   * @returns {number}
   */
  function tryClaim(length, type = 0) {
    if (closed || ring.failure || ring.orphan) throw notOpen();
    if (!Number.isInteger(length) || length < 0 || length > longest) throw noLength(length);
    const at = producer.claim(length, type);
    return at === 0 ? tryAgain(length, type) : at;
  }

  /** @param {number} length @param {number} type */
  function tryAgain(length, type) {
    blocks.short = false;
    const status = producer.status();
    if (status === Status.FULL) return flushed() ? tryClaim(length, type) : 0;
    if (status === Status.AGAIN) return tryClaim(length, type);
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
  const noLength = (length) =>
    !Number.isInteger(length) || length < 0
      ? new TypeError(`a record's length is a whole number of bytes, not ${String(length)}`)
      : new SluiceError(
          'too-large',
          `a record of ${length} bytes on ${what}: ${
            kind === 'broadcast' ? 'a broadcast carries' : 'a claim takes'
          } at most ${longest}, an eighth of the capacity; ${
            kind === 'broadcast' ? 'give it more' : 'send() takes more'
          }`,
        );

  /** @param {T} value @returns {boolean} false when the ring is full */
  function put(value) {
    const size = codec.size(value);
    if (size > longest && kind !== 'broadcast') return putLarge(value, size);
    const at = tryClaim(size);
    if (at === 0) return false;
    let written;
    try {
      written = codec.encode(value, thread.u8, at);
    } catch (error) {
      producer.abort();
      throw error;
    }
    publish(written);
    return true;
  }

  /** @param {T} value @param {number} size */
  function putLarge(value, size) {
    if (closed || ring.failure) throw notOpen();
    if (!blocks.make(size)) return false;
    let at = 0;
    try {
      const written = codec.encode(value, blocks.bytes, blocks.at);
      at = tryClaim(layout.MESSAGE_BYTES, layout.BLOCK);
      if (at === 0) return false;
      blocks.name(at, written);
      publish(layout.MESSAGE_BYTES);
      return true;
    } finally {
      blocks.end(at !== 0);
    }
  }

  /** @param {number} length */
  function publish(length) {
    // The core would take NaN for 0.
    const status = producer.commit((length | 0) === length ? length : -1);
    if (status !== Status.OK) giveUp(status);
    ring.filled.ring();
  }

  /** @param {number} status */
  function giveUp(status) {
    producer.abort();
    check(status, `the claim on ${what}`);
  }

  /** @param {import('../wait.js').Wait} [wait] @returns {Promise<void>} */
  function committed(wait) {
    const pending = ring.committed?.();
    return pending ? within(pending, wait, `a send on ${what}`) : DONE;
  }

  /** @param {T} value @param {import('../wait.js').Wait} [wait] */
  async function sendLater(value, wait) {
    await putLater(value, wait);
    return committed(wait);
  }

  /** @param {T} value @param {import('../wait.js').Wait} [wait] */
  async function putLater(value, wait) {
    if (overflow === 'fail') throw full();
    const need = codec.size(value);
    await queue.add(() => (put(value) ? undefined : NOT_YET), wait, need);
  }

  const full = () => new SluiceError('full', `${what} is full, and its overflow is "fail"`);

  /** Without a getter: V8 is slow to read objects that have one.
   * @type {Claim & {memory: Uint8Array, offset: number, length: number}} */
  const claim = {
    memory: thread.u8,
    offset: 0,
    length: 0,
    commit(length = claim.length) {
      if (closed || ring.failure) throw notOpen();
      publish(length);
    },
    abort() {
      if (!closed) producer.abort();
    },
  };

  /** @type {WritableStream<T> | undefined} */
  let stream;

  function writable() {
    stream ??= new WritableStream({
      write: (value) => sender.send(value),
      close: () => sender.close(),
      abort: (reason) => sender.close(reason),
    });
    return stream;
  }

  /** @type {Sender<T>} */
  const sender = withGetters(
    SENDER,
    { writable },
    {
      trySend: (value) => waiting.length === 0 && put(value),

      // Not async, like all that is called for each record: engines run such functions slower, and
      // each costs promises.
      send(value, wait) {
        try {
          requireWait(wait);
          return waiting.length === 0 && put(value) ? committed(wait) : sendLater(value, wait);
        } catch (error) {
          return Promise.reject(error);
        }
      },

      sendSync(value, wait) {
        const refuse = overflow === 'fail' ? full : undefined;
        block(codec.size(value), () => put(value), wait, `a send on ${what}`, refuse);
      },

      async sendMany(values, wait) {
        requireWait(wait);
        const iterator = values[Symbol.iterator]();
        let count = 0;
        /** Sends what fits now, and gives the value that does not. V8 11 runs such a loop at half its
         * speed where it holds an await. */
        function sendWhatFits() {
          for (let step = iterator.next(); !step.done; step = iterator.next()) {
            if (waiting.length > 0 || !put(step.value)) return step;
            count++;
          }
          return undefined;
        }
        try {
          for (let left = sendWhatFits(); left; left = sendWhatFits()) {
            // That it is committed can wait until the others are.
            await putLater(left.value, wait);
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
        const at = waiting.length === 0 ? tryClaim(length) : 0;
        if (at === 0) return undefined;
        // Firefox pays for an object that is stored.
        if (claim.memory !== thread.u8) claim.memory = thread.u8;
        claim.offset = at;
        claim.length = length;
        return claim;
      },

      async ready(length, wait) {
        requireWait(wait);
        const attempt = () => (hasRoom(length) ? undefined : NOT_YET);
        if (waiting.length > 0 || attempt() === NOT_YET) await queue.add(attempt, wait, length);
      },

      readySync(length, wait) {
        block(length, () => hasRoom(length), wait, `room on ${what}`);
      },

      close(reason) {
        if (closed) return;
        closed = true;
        producer.close(plainReason(reason));
        ring.filled.ring();
        ring.drained.ring();
        queue.clear(new SluiceError('closed', `this sender of ${what} was closed while it waited`));
        onClose();
      },

      [DISPOSE]: () => sender.close(),
    },
  );

  /** @param {number} length */
  function hasRoom(length) {
    if (tryClaim(length) === 0) return false;
    producer.abort();
    return true;
  }

  /**
   * @param {number} length
   * @param {() => boolean} attempt
   * @param {import('../wait.js').WaitSync | undefined} wait
   * @param {string} title
   * @param {() => Error} [refuse]
   */
  function block(length, attempt, wait, title, refuse) {
    blockUntil(
      ring.transport,
      (ns) => {
        if (blocks.short) return blocks.wait(ns);
        return producer.wait(inRing(waiting[0]?.need ?? length), ns);
      },
      () => (waiting.length === 0 || flushQueue()) && attempt(),
      wait,
      title,
      refuse,
    );
  }

  /** Does what waits asynchronously, in its order. @returns {boolean} all done */
  function flushQueue() {
    while (waiting.length > 0) if (!queue.step()) return false;
    return true;
  }

  return sender;
}

const DONE = /* @__PURE__ */ Promise.resolve();
const SENDER = /* @__PURE__ */ gettersOf('writable');
