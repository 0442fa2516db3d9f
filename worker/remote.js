/**
 * Objects whose functions run elsewhere.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {{
 *   call(name: string, args: unknown[], options: import('./caller.js').CallOptions): import('./caller.js').Answer,
 *   options: import('./caller.js').CallOptions, close?(): Promise<void>,
 *   link?: import('./connect.js').Link,
 * }} Inside a remote; `link` where it is one connection's
 */

/**
 * What a call gives of a function that returns R, which may be any or never.
 *
 * @template R
 * @typedef {[R] extends [never] ? Promise<never> : [unknown] extends [R] ? Promise<R>
 *   : [R] extends [AsyncIterable<infer U>] ? AsyncIterableIterator<U> : Promise<Awaited<R>>} Result
 */
/**
 * @template {Api} A
 * @typedef {{readonly [K in keyof A]: (...args: Parameters<A[K]>) => Result<ReturnType<A[K]>>}} Remote
 */

import { common } from '../loader/common.js';
import { ASYNC_DISPOSE } from '../loader/dispose.js';

const remotes = /* @__PURE__ */ common(
  'remotes',
  () => /** @type {WeakMap<object, Inside>} */ (new WeakMap()),
);

/** @param {object} remote @returns {Inside} */
export function remoteOf(remote) {
  const known = remotes().get(remote);
  if (!known) throw new TypeError("this takes what connect() gave, or a pool's `call`");
  return known;
}

/** @param {Inside} inside @returns {any} */
export function makeRemote(inside) {
  /** @type {Map<string, Function>} */
  const functions = new Map();
  const made = new Proxy(Object.create(null), {
    get(_target, name) {
      if (name === ASYNC_DISPOSE) return inside.close;
      // Nothing that awaits a remote may take it for a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let known = functions.get(name);
      if (!known) {
        known = (/** @type {unknown[]} */ ...args) => inside.call(name, args, inside.options);
        functions.set(name, known);
      }
      return known;
    },
  });
  remotes().set(made, inside);
  return made;
}

/**
 * The same remote, whose calls have these options.
 *
 * @template {object} R
 * @param {R} remote what connect() gave, or a pool's `call`
 * @param {import('./caller.js').CallOptions} options
 * @returns {R}
 */
export function withOptions(remote, options) {
  const known = remoteOf(remote);
  return makeRemote({ ...known, options: { ...known.options, ...options } });
}
