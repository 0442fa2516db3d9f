/**
 * The calls that this side of a connection runs.
 *
 * @typedef {{
 *   readonly signal: AbortSignal, readonly cancelled: boolean,
 *   readonly space?: import('../loader/space.js').Space,
 * }} Call `this` in a served function. `signal` aborts when the caller cancels; `cancelled` says it in
 *   the middle of a computation too, where memory is shared
 * @typedef {Record<string, (...args: any[]) => unknown>} Api
 * @typedef {{receive(message: import('./protocol.js').Message): void, end(error: Error): void}} Runner
 */

import { fromPlain, SluiceError, toPlain } from '../loader/errors.js';
import { isProxy, notCloned, transfersOf } from './marks.js';

/** Calls a served function for each item of a list: a pool's chunks. */
export const EACH = '$each';

/**
 * @param {Api} api
 * @param {import('./protocol.js').Post} post
 * @param {import('./callbacks.js').Callbacks} callbacks
 * @param {import('./shared.js').Shared} shared
 * @param {() => import('../loader/space.js').Space | undefined} space
 * @returns {Runner}
 *
 * @typedef {{value: unknown} | {error: import('../loader/errors.js').PlainError}} Outcome
 */
export function makeRunner(api, post, callbacks, shared, space) {
  /** @typedef {{abort: AbortController, more(count: number): void}} Running */
  /** @type {Map<number, Running>} */
  const running = new Map();

  /** @param {import('./protocol.js').Invoke} message */
  async function run(message) {
    const { id, name, args, callbacks: places } = message;
    const abort = new AbortController();
    /** @type {Running} */
    const call = { abort, more() {} };
    running.set(id, call);
    try {
      for (const [index, number] of places) args[index] = callbacks.receive(number);
      const result = await served(name).apply(contextOf(id, abort.signal), args);
      if (message.mailbox !== undefined) shared.deliver(message, { value: result });
      else if (isAsyncIterable(result)) await iterate(id, call, result);
      else answer(id, name, result);
    } catch (error) {
      if (message.mailbox === undefined) post({ op: 'failed', id, error: toPlain(error) });
      else shared.deliver(message, { error: toPlain(error) });
    } finally {
      running.delete(id);
    }
  }

  /** @param {string | number} name @returns {Function} */
  function served(name) {
    if (typeof name === 'number') {
      const callback = callbacks.get(name);
      if (callback) return callback;
      throw new SluiceError('closed', 'this callback was released');
    }
    if (name === EACH) return each;
    const own = name in api && !(name in Object.prototype) ? api[name] : undefined;
    if (typeof own === 'function') return own;
    const names = Object.keys(api).join(', ');
    throw new SluiceError('mismatch', `no function "${name}" is served; there are: ${names}`);
  }

  /** @this {Call} @param {string} name @param {unknown[]} items */
  async function each(name, items) {
    const results = [];
    for (const item of items) results.push(await served(name).call(this, item));
    return results;
  }

  /** @param {number} id @param {AbortSignal} signal @returns {Call} */
  const contextOf = (id, signal) => ({
    signal,
    get cancelled() {
      return signal.aborted || shared.isCancelled(id);
    },
    get space() {
      return space();
    },
  });

  /** @param {number} id @param {string | number} name @param {unknown} value */
  function answer(id, name, value) {
    if (isProxy(value)) {
      post({ op: 'result', id, value: undefined, callback: callbacks.keep(value) });
      return;
    }
    try {
      post({ op: 'result', id, value }, transfersOf(value));
    } catch (cause) {
      throw notCloned(cause, `the result of ${name}()`);
    }
  }

  /** @param {number} id @param {Running} call @param {AsyncIterable<unknown>} iterable */
  async function iterate(id, call, iterable) {
    const { signal } = call.abort;
    const iterator = iterable[Symbol.asyncIterator]();
    let credit = 0;
    let wake = () => {};
    call.more = (count) => {
      credit += count;
      wake();
    };
    signal.addEventListener('abort', () => wake());
    post({ op: 'iterable', id });
    while (!signal.aborted) {
      if (credit === 0) {
        await /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            wake = resolve;
          })
        );
        continue;
      }
      credit--;
      const { done, value } = await iterator.next();
      if (done) {
        post({ op: 'done', id });
        return;
      }
      try {
        post({ op: 'item', id, value }, transfersOf(value));
      } catch (cause) {
        await iterator.return?.();
        throw notCloned(cause, 'a value of the iterable');
      }
    }
    await iterator.return?.();
  }

  return {
    receive(message) {
      if (message.op === 'call') run(message);
      else if (message.op === 'fetch') shared.fetch(message);
      else if (message.op === 'cancel') {
        running.get(message.id)?.abort.abort(fromPlain(message.reason));
      } else if (message.op === 'stop') running.get(message.id)?.abort.abort();
      else if (message.op === 'more') running.get(message.id)?.more(message.count);
    },
    end(error) {
      for (const { abort } of running.values()) abort.abort(error);
    },
  };
}

/** @param {any} value @returns {value is AsyncIterable<unknown>} */
const isAsyncIterable = (value) => typeof value?.[Symbol.asyncIterator] === 'function';
