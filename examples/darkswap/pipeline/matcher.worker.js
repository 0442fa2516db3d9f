/** The matching worker. */

import { attach, serve } from 'sluice';
import { startMatcher } from './matcher.js';

const space = await attach();
/** @type {ReturnType<typeof startMatcher> | undefined} */
let matcher;

serve({
  /** Matches until the intake has closed. @param {import('./matcher.js').Limits} limits */
  match(limits) {
    matcher = startMatcher(space, limits);
    return matcher.done;
  },

  /** @param {Uint8Array} id */
  order: (id) => matcher?.book.order(id),

  /** Who buys, then who sells. @param {Uint8Array} base @param {Uint8Array} quote */
  orders: (base, quote) => [0, 1].flatMap((side) => matcher?.book.list(base, quote, side) ?? []),
});
