/**
 * The calls that this side of a connection runs.
 *
 * @typedef {{
 *   readonly signal: AbortSignal, readonly cancelled: boolean, readonly cancelAt: number,
 *   readonly space?: import('../loader/space.js').Space,
 * }} Call `this` in a served function. `signal` aborts when the caller cancels; `cancelled` says it in
 *   the middle of a computation too, where memory is shared, and to C the word at the address
 *   `cancelAt`: not 0 any more (0: there is none)
 * @typedef {Record<string, (...args: any[]) => unknown>} Api
 * @typedef {{value: unknown} | {error: import('../loader/errors.js').PlainError}} Outcome
 * @typedef {{receive(message: import('./protocol.js').Message): void, end(error: Error): void}} Runner
 */

import { fromPlain, SluiceError, toPlain } from '../loader/errors.js';
import { builtin } from './builtins.js';
import { isProxy, notCloned, transfersOf } from './marks.js';

/**
 * @param {Api} api
 * @param {import('./protocol.js').Post} post
 * @param {import('./callbacks.js').Callbacks} callbacks
 * @param {import('./shared.js').Shared} shared
 * @param {() => import('../loader/space.js').Space | undefined} space
 * @returns {Runner}
 */
export function makeRunner(api, post, callbacks, shared, space) {
  /** @typedef {{abort: AbortController, mailbox?: import('./protocol.js').Mailbox, more(count: number): void}} Running */
  /** @type {Map<number, Running>} */
  const running = new Map();

  /** @param {import('./protocol.js').Invoke} message */
  async function run({ id, name, args, callbacks: places, word, mailbox }) {
    if (mailbox && !shared.hold(mailbox)) return;
    /** @type {Running} */
    const call = { abort: new AbortController(), mailbox, more() {} };
    running.set(id, call);
    try {
      for (const [index, number] of places) args[index] = callbacks.receive(number);
      const result = await served(name).apply(contextOf(call.abort.signal, word), args);
      if (mailbox) deliver(id, call, { value: result });
      else if (isAsyncIterable(result)) await iterate(id, call, result);
      else answer(id, name, result);
    } catch (error) {
      if (mailbox) deliver(id, call, { error: plain(error) });
      else post({ op: 'failed', id, error: plain(error) });
    } finally {
      running.delete(id);
    }
  }

  /** @param {number} id @param {Running} call @param {Outcome} outcome */
  function deliver(id, call, outcome) {
    if (call.mailbox) shared.deliver(id, call.mailbox, outcome);
    call.mailbox = undefined;
  }

  /** @param {string | number} name @returns {Function} */
  function served(name) {
    if (typeof name === 'number') {
      const callback = callbacks.get(name);
      if (callback) return callback;
      throw new SluiceError('closed', 'this callback was released');
    }
    const own = name in Object.prototype ? undefined : (api[name] ?? builtin(name, served));
    if (typeof own === 'function') return own;
    const names = Object.keys(api).join(', ') || 'none';
    throw new SluiceError('mismatch', `no function "${name}" is served; there are: ${names}`);
  }

  /** @param {AbortSignal} signal @param {number} cancelAt @returns {Call} */
  const contextOf = (signal, cancelAt) => ({
    signal,
    cancelAt,
    get cancelled() {
      return signal.aborted || shared.isCancelled(cancelAt);
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
    /** @type {Promise<undefined>} */
    const aborted = new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve(undefined);
        wake();
      });
    });
    post({ op: 'iterable', id });
    while (!signal.aborted) {
      if (credit-- <= 0) {
        credit = 0;
        await /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            wake = resolve;
          })
        );
        continue;
      }
      const next = await Promise.race([iterator.next(), aborted]);
      if (!next) break;
      if (next.done) {
        post({ op: 'done', id });
        return;
      }
      try {
        post({ op: 'item', id, value: next.value }, transfersOf(next.value));
      } catch (cause) {
        await iterator.return?.();
        throw notCloned(cause, 'a value of the iterable');
      }
    }
    await iterator.return?.();
    post({ op: 'done', id });
  }

  return {
    receive(message) {
      if (message.op === 'call') run(message);
      else if (message.op === 'fetch') shared.fetch(message);
      else if (message.op === 'cancel') {
        shared.forget(message.id);
        running.get(message.id)?.abort.abort(fromPlain(message.reason));
      } else if (message.op === 'stop') running.get(message.id)?.abort.abort();
      else if (message.op === 'more') running.get(message.id)?.more(message.count);
    },
    end(error) {
      for (const [id, call] of running) {
        deliver(id, call, { error: plain(error) });
        call.abort.abort(error);
      }
    },
  };
}

/** @param {any} value @returns {value is AsyncIterable<unknown>} */
const isAsyncIterable = (value) =>
  typeof value?.[Symbol.asyncIterator] === 'function' && transfersOf(value).length === 0;

/** An error whose own properties throw is one that says so. @param {unknown} error */
function plain(error) {
  try {
    return toPlain(error);
  } catch (cause) {
    return toPlain(new Error(`an error that cannot be read was thrown: ${cause}`));
  }
}
