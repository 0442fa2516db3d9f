/** Rings over messages: each end of a channel has one of its own. */

import { KINDS, leaveRing, openRing, ringStats } from '../channels/ring.js';
import { heapBlocks } from './heap-blocks.js';
import { localBell } from './local-bell.js';

/**
 * A ring that only this thread knows.
 *
 * @param {import('../thread.js').Thread} thread
 * @param {import('../channels/ring.js').Shape} shape
 * @param {number} most
 * @param {'sender' | 'receiver'} end that uses it
 * @returns {import('../channels/ring.js').Ring}
 */
export function privateRing(thread, shape, most, end) {
  const { exports, self } = thread;
  const own = { ...shape, kind: KINDS[0], name: `>${shape.name}` }; // a module's own names are others
  const ring = openRing(thread, own, most, localBell);
  // It lives on without its name until it is closed.
  thread.withText(own.name, (at, bytes) => exports.sluice_directory_remove(self, at, bytes));
  return {
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
}
