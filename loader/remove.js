/** Taking the names of objects away. */

import { leaveRing } from './channels/ring.js';
import { statusError } from './errors.js';
import { inside } from './internals.js';
import { callNamed, requireName } from './names.js';
import { isStale, letGo } from './objects.js';
import * as Status from './status.js';

/**
 * Takes the name of a channel, cell, store or lock away: whoever opens it from now on makes another.
 * The object itself goes, and gives its memory back, when nobody holds it any more: a channel is held
 * by its open senders and receivers, everything else by each thread that has opened it. This thread
 * lets go with this call (its uses of the object are "closed" from then on, but for locks that it
 * holds or waits for, which it keeps to their end); another when it calls remove() itself, opens the
 * name again, or leaves the space, or dies.
 *
 * @param {import('./space.js').Space} space
 * @param {string} name
 * @returns {boolean} whether there was such an object; over messages, in another thread than the
 *   creator's, whether this thread has opened it. False also where what this thread knew by that name
 *   had been removed before: what others made under it since stays
 */
export function remove(space, name) {
  const internals = inside(space);
  const { objects, rings, hub, link, thread } = internals;
  requireName(name);
  const object = objects.get(name);
  const [ring] = rings.get(name) ?? [];
  const known = object ?? (ring && { at: ring.at, name });
  const stale = known !== undefined && isStale(internals, known);
  const removed = !stale && (hub || link ? overMessages() : fromDirectory());
  if (object) letGo(internals, object);
  if (ring) {
    rings.delete(name);
    if (ring.transport === 'shared') leaveRing(ring);
  }
  return removed;

  function overMessages() {
    if (hub) return hub.remove(name);
    link?.remove(name);
    return known !== undefined;
  }

  function fromDirectory() {
    const status = callNamed(thread, name, thread.exports.sluice_directory_remove);
    if (status !== Status.OK && status !== Status.EMPTY) throw statusError(status, `"${name}"`);
    return status === Status.OK;
  }
}
