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
 * @typedef {{value: unknown} | {error: import('../loader/plain-errors.js').PlainError}} Outcome
 * @typedef {{receive(message: import('./protocol.js').Message): void, end(error: Error): void}} Runner
 */

import { SluiceError } from '../loader/errors.js';
import { fromPlain } from '../loader/plain-errors.js';
import { toPlain } from '../loader/to-plain.js';
import { value as codec } from '../loader/value.js';
import { builtin } from './builtins.js';
import { isProxy, notCloned, transfersOf } from './marks.js';
import { makeTaker } from './taker.js';

/**
 * @param {Api} api
 * @param {import('./protocol.js').Post} post
 * @param {import('./callbacks.js').Callbacks} callbacks
 * @param {import('./shared.js').Shared} shared
 * @param {() => import('../loader/space.js').Space | undefined} space
 * @returns {Runner}
 */
export function makeRunner(api, post, callbacks, shared, space) {
  /** @typedef {{context: Context, blocked?: boolean, more(count: number): void}} Running */
  /** @type {Map<number, Running>} */
  const running = new Map();
  /** @type {import('./taker.js').Taker | undefined} */
  let taker;

  /** @param {import('./protocol.js').Invoke} message */
  async function run({ id, name, args, callbacks: places, word, blocked }) {
    if (blocked && !shared.waits(id)) return;
    /** @type {Running} */
    const call = { context: context(word), blocked, more() {} };
    running.set(id, call);
    try {
      for (const [index, number] of places) args[index] = callbacks.receive(number);
      const value = await served(name).apply(call.context, args);
      await finish(id, name, call, { value });
    } catch (error) {
      await finish(id, name, call, { error: plain(error) });
    }
  }

  /** @param {number} id @param {string | number} name @param {Running} call @param {Outcome} outcome */
  async function finish(id, name, call, outcome) {
    try {
      if (call.blocked) shared.deliver(id, outcome, run);
      else if ('error' in outcome) post({ op: 'failed', id, error: outcome.error });
      else if (isAsyncIterable(outcome.value)) await iterate(id, call, outcome.value);
      else answer(id, name, outcome.value);
    } catch (error) {
      post({ op: 'failed', id, error: plain(error) });
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
    const own = name in Object.prototype ? undefined : (api[name] ?? builtin(name, served));
    if (typeof own === 'function') return own;
    const names = Object.keys(api).join(', ') || 'none';
    throw new SluiceError('mismatch', `no function "${name}" is served; there are: ${names}`);
  }

  /** @param {number} cancelAt */
  const context = (cancelAt) => new Context(cancelAt, common);
  const common = { shared, space };

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
    const { signal } = call.context;
    const iterator = iterable[Symbol.asyncIterator]();
    let credit = 0;
    let wake = () => {};
    call.more = (count) => {
      credit += count;
      wake();
    };
    let stop = () => {};
    signal.addEventListener('abort', () => stop());
    post({ op: 'iterable', id });
    while (!signal.aborted) {
      if (credit-- <= 0) {
        credit = 0;
        await /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            wake = stop = resolve;
          })
        );
        continue;
      }
      const next = await Promise.race([
        iterator.next(),
        // For each a new one: it would keep what each race has given.
        new Promise((/** @type {(nothing?: undefined) => void} */ resolve) => {
          stop = resolve;
        }),
      ]);
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
      if (message.op === 'call') {
        const over = run(message);
        if (message.queued) over.then(taker?.over);
      } else if (message.op === 'skip') taker?.over();
      else if (message.op === 'wake') taker?.wake();
      else if (message.op === 'queue') take(message.place);
      else if (message.op === 'fetch') shared.fetch(message);
      else if (message.op === 'cancel') abort(message.id, fromPlain(message.reason));
      else if (message.op === 'stop') abort(message.id);
      else if (message.op === 'more') running.get(message.id)?.more(message.count);
    },
    end(error) {
      for (const [id, call] of running) {
        if (call.blocked) shared.deliver(id, { error: plain(error) }, run);
        Context.abort(call.context, error);
      }
      const call = taker?.end();
      if (call) Context.abort(call, error);
    },
  };

  /** @param {number} id @param {unknown} [reason] */
  function abort(id, reason) {
    const call = running.get(id)?.context ?? taker?.running(id);
    if (call) Context.abort(call, reason);
  }

  /** A pool's queue to take calls from. @param {import('./taker.js').Place} place */
  function take(place) {
    const on = space();
    if (!on || taker) return;
    taker = makeTaker(on, place, post, {
      served,
      context,
      plain,
      isPlain,
      codec,
      move(id, name, context, outcome) {
        const call = { context: /** @type {Context} */ (context), more() {} };
        running.set(id, call);
        return finish(id, name, call, outcome);
      },
    });
    taker?.wake();
  }
}

/** What `this` is in a served function. Most never ask for the signal, which is dear to make. */
class Context {
  #common;
  /** Of its signal, once that was asked for. @type {AbortController | undefined} */
  #abort;
  /** @type {{reason: unknown} | undefined} */
  #aborted;

  /**
   * @param {number} cancelAt
   * @param {{shared: import('./shared.js').Shared, space(): import('../loader/space.js').Space | undefined}} common
   */
  constructor(cancelAt, common) {
    this.cancelAt = cancelAt;
    this.#common = common;
  }
  get signal() {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted) this.#abort.abort(this.#aborted.reason);
    }
    return this.#abort.signal;
  }
  get cancelled() {
    return this.#aborted !== undefined || this.#common.shared.isCancelled(this.cancelAt);
  }
  get space() {
    return this.#common.space();
  }

  /** @param {any} call @param {unknown} [reason] */
  static abort(call, reason) {
    if (call.#aborted) return;
    call.#aborted = { reason };
    call.#abort?.abort(reason);
  }
}

/** May it be copied as it is, as far as can be seen from outside? @param {any} value */
const isPlain = (value) =>
  typeof value !== 'function' &&
  (typeof value !== 'object' ||
    value === null ||
    (typeof value[Symbol.asyncIterator] !== 'function' && transfersOf(value).length === 0));

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
