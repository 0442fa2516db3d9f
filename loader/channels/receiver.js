/**
 * The consumer's end of a channel.
 *
 * @template T
 * @typedef {{
 *   tryReceive(): T | undefined,
 *   receive(wait?: import('../wait.js').Wait): Promise<T>,
 *   receiveSync(wait?: import('../wait.js').WaitSync): T,
 *   drain(use: (memory: Uint8Array, offset: number, length: number, type: number) => void, limit?: number): number,
 *   ready(wait?: import('../wait.js').Wait): Promise<boolean>,
 *   readySync(wait?: import('../wait.js').WaitSync): boolean,
 *   readonly readable: ReadableStream<T>,
 *   readonly lost: number,
 *   close(): void, [Symbol.asyncIterator](): AsyncIterableIterator<T>, [Symbol.dispose](): void,
 * }} Receiver
 */

import { turn } from '#platform';
import { DISPOSE } from '../dispose.js';
import { hasCode, SluiceError, statusError } from '../errors.js';
import { gettersOf, withGetters } from '../getters.js';
import * as layout from '../layout.js';
import * as Status from '../status.js';
import { blockUntil } from '../sync.js';
import { requireWait } from '../wait.js';
import { makeBlocks } from './blocks.js';
import { openConsumer } from './ends.js';
import { makeQueue, NOT_YET } from './queue.js';
import { endOf } from './reason.js';

/** An iteration that never has to wait gives the event loop a turn after so many records. */
const TURN_EVERY = 1024;

/**
 * @template T
 * @param {import('./ring.js').Ring} ring
 * @param {import('../codec.js').Codec<T>} codec
 * @param {() => void} onClose
 * @returns {Receiver<T>}
 */
export function makeReceiver(ring, codec, onClose) {
  const { thread } = ring;
  const what = `channel "${ring.shape.name}"`;
  const consumer = openConsumer(ring);
  const blocks = makeBlocks(ring);
  const { batch, scratch } = consumer;
  let closed = false;
  let closeAfterwards = false;

  const queue = makeQueue(
    {
      sleep: () => consumer.sleep()?.then(thread.linger.turned),
      pass: consumer.pass,
      // Of a ring with several receivers a look is not for nothing.
      linger:
        ring.transport === 'shared' && (ring.kind === 'spsc' || ring.kind === 'mpsc')
          ? () => thread.linger.until(consumer.peek)
          : undefined,
    },
    `a receive on ${what}`,
  );
  const waiting = queue.items;

  function requireOpen() {
    if (closed) throw new SluiceError('closed', `this receiver of ${what} is closed`);
    if (consumer.busy)
      throw new SluiceError('mismatch', `${what} is being drained: read on afterwards`);
    if (ring.failure) throw ring.failure;
  }

  /** @param {number} status why nothing was read; returns when more may come */
  function requireMore(status) {
    if (status === Status.EMPTY) {
      if (ring.orphan) throw ring.orphan;
      return;
    }
    if (status === Status.CLOSED) throw endOf(ring);
    throw statusError(status, what);
  }

  /** The next record's address, 0 for none. @param {boolean} [waiting] */
  function peek(waiting) {
    requireOpen();
    const at = consumer.peek();
    if (at !== 0 || !ring.pull || ring.orphan) return at;
    ring.pull(1, waiting);
    return consumer.peek();
  }

  /** @param {boolean} [waiting] @returns {T | typeof NOT_YET} */
  function take(waiting) {
    const at = peek(waiting);
    if (at === 0) {
      requireMore(consumer.status());
      return NOT_YET;
    }
    try {
      const length = consumer.length();
      return consumer.type() === layout.BLOCK
        ? useLarge(decode, at, length)
        : codec.decode(thread.u8, at, length);
    } finally {
      // A record that cannot be decoded is gone too: it would stand in the way for ever.
      consumer.release();
      ring.drained.ring();
    }
  }

  /** @param {Uint8Array} from @param {number} at @param {number} length */
  const decode = (from, at, length) => codec.decode(from, at, length);

  /**
   * @template R
   * @param {(memory: Uint8Array, offset: number, length: number, type: number) => R} use
   * @param {number} at
   * @param {number} length
   */
  function useLarge(use, at, length) {
    blocks.open(at, length, scratch);
    try {
      return use(blocks.bytes, blocks.at, blocks.length, 0);
    } finally {
      blocks.done(scratch);
    }
  }

  /** @returns {boolean | typeof NOT_YET} false: ended */
  function look() {
    if (peek(true) !== 0) {
      consumer.rewind();
      consumer.release(); // others may read it
      return true;
    }
    const status = consumer.status();
    if (status === Status.CLOSED) {
      const end = endOf(ring);
      if (!hasEnded(end)) throw end;
      return false;
    }
    requireMore(status);
    return NOT_YET;
  }

  /**
   * Now, or when it can be done. Not async: this is called for each record.
   *
   * @template R
   * @param {() => R | typeof NOT_YET} attempt
   * @param {import('../wait.js').Wait | undefined} wait
   * @returns {Promise<R>}
   */
  function soon(attempt, wait) {
    try {
      requireWait(wait);
      const result = waiting.length === 0 ? attempt() : NOT_YET;
      if (result !== NOT_YET) return Promise.resolve(/** @type {R} */ (result));
      const promise = queue.add(attempt, wait);
      return ring.pull ? promise.catch(giveUp) : promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {unknown} error @returns {never} */
  function giveUp(error) {
    // Nobody waits any more: what was asked for may go to another receiver.
    if (waiting.length === 0) ring.pull?.(0);
    throw error;
  }

  const takeWaiting = () => take(true);

  /**
   * Blocking, until it can be done.
   *
   * @template R
   * @param {() => R | typeof NOT_YET} attempt
   * @param {import('../wait.js').WaitSync | undefined} wait
   * @param {string} title
   */
  function sync(attempt, wait, title) {
    let result = /** @type {R | typeof NOT_YET} */ (NOT_YET);
    const done = () => {
      result = attempt();
      return result !== NOT_YET;
    };
    blockUntil(ring.transport, consumer.wait, done, wait, title);
    return /** @type {R} */ (result);
  }

  /** @type {ReadableStream<T> | undefined} */
  let stream;

  function readable() {
    stream ??= new ReadableStream(
      {
        async pull(controller) {
          try {
            controller.enqueue(await receiver.receive());
          } catch (error) {
            if (!hasEnded(error)) throw error;
            controller.close();
          }
        },
        cancel: () => receiver.close(),
      },
      { highWaterMark: 0 },
    );
    return stream;
  }

  /** @type {Receiver<T>} */
  const receiver = withGetters(
    RECEIVER,
    { readable, lost: consumer.lost },
    {
      tryReceive() {
        const value = take();
        return value === NOT_YET ? undefined : /** @type {T} */ (value);
      },

      receive: (wait) => soon(takeWaiting, wait),

      receiveSync: (wait) => sync(take, wait, `a receive on ${what}`),

      drain(use, limit = Infinity) {
        requireOpen();
        if (typeof use !== 'function' || !(limit >= 0)) {
          throw new TypeError('drain() takes a function, and a limit of 0 or more');
        }
        let total = 0;
        while (limit - total >= 1) {
          const most = Math.min(layout.BATCH, limit - total);
          let count = consumer.drain(most);
          if (count === Status.EMPTY && ring.pull && !ring.orphan) {
            ring.pull(most);
            count = consumer.drain(most);
          }
          if (count <= 0) {
            if (total === 0) requireMore(count);
            break;
          }
          visit(use, count);
          total += count;
        }
        return total;
      },

      ready: (wait) => soon(look, wait),

      readySync: (wait) => sync(look, wait, `a record on ${what}`),

      close() {
        if (closed) return;
        if (consumer.busy) {
          closeAfterwards = true;
          return;
        }
        closed = true;
        consumer.close();
        ring.drained.ring();
        ring.filled.ring();
        queue.clear(
          new SluiceError('closed', `this receiver of ${what} was closed while it waited`),
        );
        onClose();
      },

      [Symbol.asyncIterator]() {
        let count = 0;
        /** @type {AsyncIterableIterator<T>} */
        const iterator = {
          async next() {
            if (++count % TURN_EVERY === 0) await turn();
            try {
              return { done: false, value: await receiver.receive() };
            } catch (error) {
              if (!hasEnded(error)) throw error;
              return { done: true, value: undefined };
            }
          },
          async return() {
            return { done: true, value: undefined };
          },
          [Symbol.asyncIterator]: () => iterator,
        };
        return iterator;
      },

      [DISPOSE]: () => receiver.close(),
    },
  );

  /**
   * Shows one batch to the user and releases it. Where `use` throws, what it has not seen stays.
   *
   * @param {(memory: Uint8Array, offset: number, length: number, type: number) => void} use
   * @param {number} count
   */
  function visit(use, count) {
    const { u8, i32 } = thread;
    let seen = 0;
    consumer.busy = true;
    try {
      for (let word = batch >> 2; seen < count; word += layout.RECORD_WORDS) {
        seen++;
        const type = i32[word + 2];
        if (type === layout.BLOCK) useLarge(use, i32[word] >>> 0, i32[word + 1]);
        else use(u8, i32[word] >>> 0, i32[word + 1], type);
      }
    } finally {
      consumer.busy = false;
      if (seen < count) {
        consumer.rewind();
        consumer.drain(seen);
      }
      consumer.release();
      ring.drained.ring();
      if (closeAfterwards) receiver.close();
    }
  }

  return receiver;
}

const RECEIVER = /* @__PURE__ */ gettersOf('readable', 'lost');

/** In good order: not for a reason that the sender gave. @param {unknown} error */
const hasEnded = (error) => hasCode(error, 'closed') && error.cause === undefined;
