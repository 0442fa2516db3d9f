/** What a user marks in arguments and results: things to hand over, and callbacks. */

import { common } from '../loader/common.js';
import { DISPOSE } from '../loader/dispose.js';
import { SluiceError } from '../loader/errors.js';

const transfers = /* @__PURE__ */ common(
  'transfers',
  () => /** @type {WeakMap<object, Transferable[]>} */ (new WeakMap()),
);
const proxies = /* @__PURE__ */ common(
  'proxies',
  () => /** @type {WeakSet<Function>} */ (new WeakSet()),
);

/**
 * Hands `list` over with `value`, in an argument or a result, instead of copying it.
 *
 * @template T
 * @param {T} value an object
 * @param {Transferable[]} list what is in it
 * @returns {T}
 */
export function transfer(value, list) {
  transfers().set(/** @type {any} */ (value), list);
  return value;
}

/**
 * Lets a function be an argument or a result: the other thread gets one that calls it and gives a
 * promise. It has to be let go of there by its `release()` (or `using`), or when the connection ends.
 *
 * @template {Function} F
 * @param {F} callback
 * @returns {F}
 */
export function proxy(callback) {
  if (typeof callback !== 'function') {
    throw new TypeError(`proxy() takes a function, not ${typeof callback}`);
  }
  proxies().add(callback);
  return callback;
}

/** @param {unknown} value @returns {value is Function} */
export const isProxy = (value) => typeof value === 'function' && proxies().has(value);

/** @param {unknown} value @returns {Transferable[]} */
export const transfersOf = (value) =>
  (typeof value === 'object' && value !== null && transfers().get(value)) || NOTHING;

/** @type {Transferable[]} */
const NOTHING = [];

/**
 * A stand-in for the other thread's callback.
 *
 * @param {(args: unknown[]) => Promise<unknown>} call
 * @param {() => void} release
 */
export function standIn(call, release) {
  return Object.assign((/** @type {unknown[]} */ ...args) => call(args), {
    release,
    [DISPOSE]: release,
  });
}

/** @param {unknown} cause @param {string} what */
export const notCloned = (cause, what) =>
  new SluiceError(
    'clone',
    `${what} cannot be copied to another thread: pass plain data, mark what is to be handed over with transfer() and functions with proxy()`,
    { cause },
  );
