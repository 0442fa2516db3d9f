/**
 * Time limits and cancellation.
 *
 * @typedef {{signal?: AbortSignal | undefined, timeout?: number | undefined}} Wait `timeout` in milliseconds, for ever
 *   without one; an abort rejects with the signal's own reason
 * @typedef {Pick<Wait, 'timeout'>} WaitSync
 */

import { forMany } from '#platform';
import { SluiceError } from './errors.js';

/** The longest delay that a timer takes; more is for ever. */
const LONGEST = 0x7fff_ffff;

/**
 * @param {number | undefined} timeout
 * @returns {number} milliseconds, Infinity for ever
 */
export function limit(timeout) {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== 'number' || !(timeout >= 0)) {
    throw new TypeError(`timeout is milliseconds, zero or more, not ${String(timeout)}`);
  }
  return timeout;
}

/** @param {string} what @param {number | undefined} timeout */
export const timedOut = (what, timeout) =>
  new SluiceError('timeout', `${what}: ${timeout} ms passed`);

/**
 * For what must not begin with a wait that is senseless, or over: throws then.
 *
 * @param {Wait | undefined} wait
 */
export function requireWait(wait) {
  if (!wait) return;
  wait.signal?.throwIfAborted();
  limit(wait.timeout);
}

/**
 * Calls `fail` once, when the signal aborts or the time is up. Already aborted: at once.
 *
 * @param {Wait | undefined} wait
 * @param {string} what for the message of the time-out
 * @param {(reason: any) => void} fail
 * @returns {() => void} stops watching
 */
export function watch(wait, what, fail) {
  if (!wait) return () => {};
  const { signal } = wait;
  const timeout = limit(wait.timeout);
  if (signal?.aborted) {
    fail(signal.reason);
    return () => {};
  }
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const stop = () => {
    if (timer) clearTimeout(timer); // audio worklets have none
    signal?.removeEventListener('abort', abort);
  };
  /** @param {unknown} reason */
  const end = (reason) => {
    stop();
    fail(reason);
  };
  const abort = () => end(signal?.reason);
  if (signal) {
    forMany(signal);
    signal.addEventListener('abort', abort);
  }
  if (timeout <= LONGEST) timer = setTimeout(() => end(timedOut(what, timeout)), timeout);
  return stop;
}

/**
 * As watch(), and it fails as well when this thread closes the space.
 *
 * @param {import('./internals.js').Internals} internals
 * @param {Wait | undefined} wait
 * @param {string} what
 * @param {(reason: unknown) => void} fail
 * @returns {() => void} stops watching
 */
export function watchOpen({ watchers }, wait, what, fail) {
  const closing = { close: () => fail(new SluiceError('closed', `${what}: its space was closed`)) };
  const stop = watch(wait, what, fail); // throws for a senseless one, before anything is held
  watchers.add(closing);
  return () => {
    watchers.delete(closing);
    stop();
  };
}

/**
 * `work`, unless the wait ends first. The work itself goes on.
 *
 * @template T
 * @param {Promise<T>} work
 * @param {Wait | undefined} wait
 * @param {string} what
 * @returns {Promise<T>}
 */
export function within(work, wait, what) {
  if (!wait) return work;
  return new Promise((resolve, reject) => {
    const stop = watch(wait, what, reject);
    work.then(resolve, reject).finally(stop);
  });
}
