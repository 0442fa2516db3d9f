/**
 * The calls that this side of a connection has made.
 *
 * @typedef {import('../loader/wait.js').Wait & {transfer?: Transferable[], priority?: number, retry?: number}} CallOptions
 *   `transfer`: what to hand over instead of copying it; `priority` and `retry`: of a pool's calls
 * @typedef {CallOptions & {onSettled?: () => void}} InnerOptions `onSettled`: the other side does not
 *   run it any more, given up or not
 * @typedef {Promise<any> & AsyncIterableIterator<any>} Answer a promise; where the function gives an
 *   async iterable, it can be iterated at once as well
 * @typedef {{
 *   call(name: string | number, args: unknown[], options?: InnerOptions): Answer,
 *   invoke(name: string, args: unknown[], mailbox: number): number,
 *   receive(message: import('./protocol.js').Message): void, end(error: Error): void,
 * }} Caller `invoke`: a call whose result goes to a mailbox; gives its id
 */

import { keepAlive } from '#platform';
import { fromPlain, toPlain } from '../loader/errors.js';
import { watch } from '../loader/wait.js';
import { makeIteration } from './iteration.js';
import { notCloned, transfersOf } from './marks.js';
import { WINDOW } from './protocol.js';

/**
 * @param {import('./protocol.js').Post} post throws where a message cannot be copied
 * @param {import('./callbacks.js').Callbacks} callbacks
 * @param {(id: number) => void} cancelled says it where a thread in mid-computation sees it
 * @returns {Caller}
 */
export function makeCaller(post, callbacks, cancelled) {
  /** @typedef {{resolve(value: unknown): void, reject(reason: unknown): void, iteration?: import('./iteration.js').Iteration}} Pending */
  /** @type {Map<number, Pending>} */
  const pending = new Map();
  /** Given up, and not answered yet. @type {Map<number, () => void>} */
  const abandoned = new Map();
  let ids = 1;
  /** @type {Error | undefined} */
  let ended;

  /**
   * @param {number} id
   * @param {string | number} name
   * @param {unknown[]} args
   * @param {CallOptions} options
   * @param {number} [mailbox]
   */
  function send(id, name, args, options, mailbox) {
    const transfer = [...(options.transfer ?? []), ...args.flatMap(transfersOf)];
    const sent = callbacks.send(args);
    try {
      post({ op: 'call', id, name, ...sent, mailbox }, transfer);
    } catch (cause) {
      for (const [, number] of sent.callbacks) callbacks.forget(number);
      throw notCloned(cause, `an argument of ${name}()`);
    }
  }

  /** @type {Caller} */
  const caller = {
    call(name, args, options = {}) {
      const id = ids++;
      /** @type {Promise<any>} */
      const promise = new Promise((resolve, reject) => {
        options.signal?.throwIfAborted();
        if (ended) throw ended;
        send(id, name, args, options);
        const letGo = keepAlive();
        /** @type {Pending} */
        const call = {
          resolve(value) {
            letGo();
            if (!call.iteration) close();
            resolve(value);
          },
          reject(reason) {
            letGo();
            close();
            call.iteration?.end(reason);
            reject(reason);
          },
        };
        const close = () => {
          pending.delete(id);
          stop?.();
          if (!abandoned.has(id)) options.onSettled?.();
        };
        pending.set(id, call);
        /** @type {(() => void) | undefined} */
        let stop;
        stop = watch(options, `${name}()`, (reason) => {
          cancelled(id);
          if (!ended) post({ op: 'cancel', id, reason: toPlain(reason) });
          if (options.onSettled) abandoned.set(id, options.onSettled);
          call.reject(reason);
        });
      });
      return withIterator(promise, String(name));
    },

    invoke(name, args, mailbox) {
      send(ids, name, args, {}, mailbox);
      return ids++;
    },

    receive(message) {
      const id = 'id' in message ? message.id : 0;
      const call = pending.get(id);
      if (message.op === 'result' || message.op === 'failed') {
        abandoned.get(id)?.();
        abandoned.delete(id);
      }
      if (message.op === 'result') {
        const { value, callback } = message;
        const result = callback === undefined ? value : callbacks.receive(callback);
        call?.resolve(result);
      } else if (message.op === 'failed') {
        call?.reject(fromPlain(message.error));
      } else if (message.op === 'iterable' && call) {
        call.iteration = makeIteration(
          (count) => post({ op: 'more', id, count }),
          () => {
            pending.delete(id);
            post({ op: 'stop', id });
          },
        );
        post({ op: 'more', id, count: WINDOW });
        call.resolve(call.iteration.iterator);
      } else if (message.op === 'item') {
        call?.iteration?.push(message.value);
      } else if (message.op === 'done') {
        pending.delete(id);
        call?.iteration?.end();
      }
    },

    end(error) {
      ended ??= error;
      for (const call of [...pending.values()]) call.reject(error);
    },
  };
  return caller;
}

/** @param {Promise<any>} promise @param {string} name @returns {Answer} */
function withIterator(promise, name) {
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
