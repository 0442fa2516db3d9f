/**
 * Looking for a moment before the event loop sleeps until a record comes. To be woken takes a thread ten
 * to sixty microseconds, and what is asked of another that is awake is often answered in two.
 *
 * It looks between other microtasks, as long as that has been worth it: found soon, it looks longer the
 * next time, else shorter. Now and then it looks as long as another thread takes to wake up, since two
 * that answer each other find out only then that neither has to sleep. Where it has not slept for some
 * time it gives the event loop its turn.
 *
 * @typedef {ReturnType<typeof makeLinger>} Linger of a thread
 */

import { turn } from '#platform';

/** Milliseconds; audio worklets have no `performance`. */
export const now = () => (globalThis.performance ?? Date).now();

/** So many looks, each some 10 to 25 nanoseconds. */
const LEAST = 64;
const MOST = 1024;
const LONG = 16_384;
/** Of so many times, one is a long one. None is longer than so many milliseconds. */
const TRY_LONG = 32;
const LONG_MS = 0.1;
/** How long it goes on without a turn of the event loop, in milliseconds. */
const SLICE = 4;

export function makeLinger() {
  let looks = MOST / 4;
  let times = 0;
  let since = now();

  const linger = {
    /** @param {() => number} look not 0 when there is something @returns {boolean | Promise<void>} is there? a promise: then it can be tried again */
    until(look) {
      const begin = now();
      if (begin - since > SLICE) return turn().then(linger.turned);
      const end = ++times % TRY_LONG === 0 ? LONG : looks;
      for (let i = 0; i < end; i++) {
        if (look() === 0) {
          if (i % MOST === MOST - 1 && now() - begin > LONG_MS) break;
          continue;
        }
        // After a long one the other is awake, and may answer soon from now on.
        if (end === LONG) looks = MOST;
        else if (i < MOST / 2) looks = Math.min(2 * looks, MOST);
        return true;
      }
      looks = Math.max(looks >> 2, LEAST);
      return false;
    },

    /** The event loop has had its turn. */
    turned() {
      since = now();
    },
  };
  return linger;
}
