/** The blocking forms, for threads that may block. */

import { mayBlock } from '#platform';
import { SluiceError, statusError } from './errors.js';
import * as Status from './status.js';
import { limit, timedOut } from './wait.js';

/** @type {boolean | undefined} */
let allowed;

/**
 * Tries, and sleeps in the core between the tries.
 *
 * @param {'shared' | 'message'} transport
 * @param {(ns: bigint) => number} sleep
 * @param {() => boolean} attempt true when done; throws when it cannot be done
 * @param {import('./wait.js').WaitSync | undefined} wait
 * @param {string} what
 * @param {() => Error} [refuse] the error to throw instead of sleeping
 */
export function blockUntil(transport, sleep, attempt, wait, what, refuse) {
  requireBlocking(transport, what);
  const timeout = limit(wait?.timeout);
  const end = timeout === Infinity ? Infinity : performance.now() + timeout;
  while (!attempt()) {
    if (refuse) throw refuse();
    const left = end - performance.now();
    const status = left > 0 ? sleep(nanoseconds(left)) : Status.TIMEOUT;
    if (status === Status.TIMEOUT && performance.now() >= end) {
      throw timedOut(what, timeout);
    }
    if (status === Status.POISONED) throw statusError(status, what);
  }
}

/** @param {number} ms Infinity for ever */
const nanoseconds = (ms) => (ms > 1e9 ? -1n : BigInt(Math.ceil(ms * 1e6)));

/** @param {'shared' | 'message'} transport @param {string} what */
export function requireBlocking(transport, what) {
  allowed ??= mayBlock();
  if (!allowed) {
    throw new SluiceError(
      'wrong-thread',
      `${what}: this thread may not block; use the asynchronous form here, or do this in a worker`,
    );
  }
  requireShared(transport, what);
}

/** @param {'shared' | 'message'} transport @param {string} what */
export function requireShared(transport, what) {
  if (transport === 'message') {
    throw new SluiceError(
      'not-isolated',
      `${what}: blocking needs shared memory, and this space is on the message transport; use the asynchronous form`,
    );
  }
}
