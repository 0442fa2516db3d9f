/** Rings over messages: each end of a channel has one of its own. */

import { KINDS, leaveRing, openRing } from '../channels/ring.js';
import { ringStats, sum } from '../channels/stats.js';
import { callNamed } from '../names.js';
import { heapBlocks } from './heap-blocks.js';
import { localBell } from './local-bell.js';

/**
 * A ring that only this thread knows.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('../channels/ring.js').Shape} shape
 * @param {number} most
 * @param {'sender' | 'receiver'} end that uses it
 * @returns {import('../channels/ring.js').Ring}
 */
export function privateRing({ thread, rings: known }, shape, most, end) {
  const own = { ...shape, kind: KINDS[0], name: `>${shape.name}` }; // a module's own names are others
  const ring = openRing(thread, own, most, localBell);
  // It lives on without its name until it is closed.
  callNamed(thread, own.name, thread.exports.sluice_directory_remove);
  const made = {
    ...ring,
    shape,
    end,
    users: 2,
    blocks: new Map(),
    spare: [],
    makeBlocks: heapBlocks,
    done() {
      if (this.users === 1) this.last = { ...ringStats(this), used: 0 };
      leaveRing(this);
    },
  };
  known.set(shape.name, [...folded(known.get(shape.name) ?? [], end), made]);
  return made;
}

/**
 * With one in place of all that such ends have had, which has the figures of all.
 *
 * @param {import('../channels/ring.js').Ring[]} rings
 * @param {'sender' | 'receiver'} end
 */
function folded(rings, end) {
  const past = rings.filter((one) => one.last && one.end === end);
  const [first, ...others] = past;
  for (const { last } of others)
    first.last = sum(/** @type {any} */ (last), /** @type {any} */ (first.last));
  return rings.filter((one) => one === first || !past.includes(one));
}
