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

/** So many looks, each some 10 to 25 nanoseconds. */
const [LEAST, FIRST, MOST, LONG] = [64, 256, 1024, 16_384];
/** Who has found it by then need not have slept. */
const WORTH = 512;
/** Of so many times, one is a long one: at most so many milliseconds. */
const [TRY_LONG, LONG_MS] = [32, 0.1];
/** How long it goes on without a turn of the event loop, in milliseconds. */
const SLICE = 4;

export function makeLinger() {
  let looks = FIRST;
  let times = 0;
  let since = performance.now();

  const linger = {
    /** @param {() => number} look not 0 when there is something @returns {boolean | Promise<void>} is there? a promise: then it can be tried again */
    until(look) {
      const begin = performance.now();
      if (begin - since > SLICE) return turn().then(linger.turned);
      const most = ++times % TRY_LONG === 0 ? LONG : looks;
      for (let i = 0; i < most; i++) {
        if (look() === 0) {
          if (i % MOST === MOST - 1 && performance.now() - begin > LONG_MS) break;
          continue;
        }
        // After a long one the other is awake, and may answer soon from now on.
        if (most === LONG) looks = MOST;
        else if (i < WORTH) looks = Math.min(2 * looks, MOST);
        return true;
      }
      looks = Math.max(looks >> 2, LEAST);
      return false;
    },

    /** The event loop has had its turn. */
    turned() {
      since = performance.now();
    },
  };
  return linger;
}
