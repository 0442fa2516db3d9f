/**
 * The calls that this side of a connection has made.
 *
 * @typedef {import('../loader/wait.js').Wait & {transfer?: Transferable[], priority?: number, retry?: number}} CallOptions
 *   `transfer`: what to hand over instead of copying it; of a pool's calls, `priority`: the higher
 *   start first, and `retry`: so often again where the worker that ran it dies
 * @typedef {CallOptions & {onGivenUp?: () => void, onSettled?: () => void, queued?: boolean}} InnerOptions
 *   `onGivenUp`: nobody waits for it any more; `onSettled`: the other side has done with it, given up
 *   or not; `queued`: see protocol.js
 * @typedef {Promise<any> & AsyncIterableIterator<any>} Answer a promise; where the function gives an
 *   async iterable, it can be iterated at once as well
 * @typedef {{
 *   call(name: string | number, args: unknown[], options?: InnerOptions): Answer,
 *   invoke(name: string, args: unknown[], by: import('./protocol.js').Post): number,
 *   expect(id: number, name: string, options: InnerOptions): Promise<any>,
 *   receive(message: import('./protocol.js').Message): void, end(error: Error): void,
 * }} Caller `invoke`: a call, told `by` this, whose result goes to the board; gives its id. `expect`: the result of a
 *   call that did not go out by message
 */

import { keepAlive } from '#platform';
import { fromPlain } from '../loader/plain-errors.js';
import { toPlain } from '../loader/to-plain.js';
import { requireWait, watch } from '../loader/wait.js';
import { makeIteration } from './iteration.js';
import { notCloned, transfersOf } from './marks.js';
import { WINDOW } from './protocol.js';

/**
 * @param {import('./protocol.js').Post} post throws where a message cannot be copied
 * @param {import('./callbacks.js').Callbacks} callbacks
 * @param {import('./shared.js').Shared} shared
 * @returns {Caller}
 */
export function makeCaller(post, callbacks, shared) {
  /**
   * @typedef {{
   *   iteration?: import('./iteration.js').Iteration, resolve(value: unknown): void,
   *   reject(reason: unknown): void, settle(): boolean, over(): void, onGivenUp?(): void,
   * }} Pending `settle`: whoever called gets its answer now, and did not before; `over`: nothing comes
   *   any more
   * @type {Map<number, Pending>}
   */
  const pending = new Map();
  let ids = 1;
  /** @type {Error | undefined} */
  let ended;

  /**
   * @param {string | number} name
   * @param {unknown[]} args
   * @param {{transfer?: Transferable[], word?: number, blocked?: boolean, queued?: boolean}} how
   * @param {import('./protocol.js').Post} by
   */
  function send(name, args, { transfer = [], word = 0, blocked, queued }, by = post) {
    const sent = callbacks.send(args);
    const list = args.flatMap(transfersOf);
    try {
      by({ op: 'call', id: ids, name, ...sent, word, blocked, queued }, [...transfer, ...list]);
    } catch (cause) {
      for (const [, number] of sent.callbacks) callbacks.forget(number);
      throw notCloned(cause, `an argument of ${name}()`);
    }
    return ids++;
  }

  /** @param {Pending} call @param {unknown} reason */
  function fail(call, reason) {
    call.iteration?.end(reason);
    if (call.settle()) call.reject(reason);
  }

  /**
   * @param {number} id
   * @param {string | number} name
   * @param {number} word
   * @param {InnerOptions} options
   * @param {(value: unknown) => void} resolve
   * @param {(reason: unknown) => void} reject
   */
  function expect(id, name, word, options, resolve, reject) {
    const letGo = keepAlive();
    let waits = true;
    /** @type {Pending} */
    const call = {
      resolve(value) {
        letGo();
        resolve(value);
      },
      reject,
      onGivenUp: options.onGivenUp,
      settle() {
        const did = waits;
        waits = false;
        letGo();
        stop();
        return did;
      },
      over() {
        pending.delete(id);
        shared.giveBack(word);
        options.onSettled?.();
      },
    };
    pending.set(id, call);
    const stop = watch(options, `${name}()`, (reason) => {
      shared.cancel(word);
      post({ op: 'cancel', id, reason: toPlain(reason) });
      fail(call, reason);
      options.onGivenUp?.();
    });
  }

  /** @type {Caller} */
  const caller = {
    call(name, args, options = {}) {
      /** @type {Promise<any>} */
      const promise = new Promise((resolve, reject) => {
        requireWait(options);
        if (ended) throw ended;
        const word = shared.take();
        let id = 0;
        try {
          const { transfer, queued } = options;
          id = send(name, args, { transfer, word, queued });
        } catch (error) {
          shared.giveBack(word);
          throw error;
        }
        expect(id, name, word, options, resolve, reject);
      });
      return answerOf(promise, String(name));
    },

    expect: (id, name, options) =>
      new Promise((resolve, reject) => {
        if (ended) throw ended;
        expect(id, name, 0, options, resolve, reject);
      }),

    invoke: (name, args, by) => send(name, args, { blocked: true }, by),

    receive(message) {
      const call = 'id' in message && pending.get(message.id);
      if (!call) return;
      const { op, id } = message;
      if (op === 'result') {
        const { value, callback } = message;
        call.over();
        if (call.settle()) call.resolve(callback ? callbacks.receive(callback) : value);
      } else if (op === 'failed') {
        call.over();
        fail(call, fromPlain(message.error));
      } else if (op === 'iterable') {
        call.iteration = makeIteration(
          (count) => post({ op: 'more', id, count }),
          () => {
            if (!call.settle()) return;
            post({ op: 'stop', id });
            call.onGivenUp?.();
          },
        );
        call.resolve(call.iteration.iterator);
        post({ op: 'more', id, count: WINDOW });
      } else if (op === 'item') {
        call.iteration?.push(message.value);
      } else if (op === 'done') {
        call.over();
        call.iteration?.end();
        call.settle();
      }
    },

    end(error) {
      ended = error;
      const calls = [...pending.values()];
      pending.clear();
      for (const call of calls) fail(call, error);
    },
  };
  return caller;
}

/** @param {Promise<any>} promise @param {string} name @returns {Answer} */
export function answerOf(promise, name) {
  const iterator = async () => {
    const result = await promise;
    if (typeof result?.next === 'function') return result;
    throw new TypeError(`${name}() gave no async iterable: await it instead`);
  };
  const answer = Object.assign(promise, {
    next: async () => (await iterator()).next(),
    return: async () => (await iterator()).return(),
    [Symbol.asyncIterator]: () => answer,
  });
  return /** @type {any} */ (answer);
}
