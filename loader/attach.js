/** Joining a space that another thread made. */

import { losesWakeUps } from '#platform';
import { watchCreator } from './death.js';
import { makeDoorbell } from './doorbell.js';
import { SluiceError } from './errors.js';
import { inside } from './internals.js';
import { followByMessages } from './messages/follow.js';
import { join, makeSpace } from './space.js';
import { attachToSpawner } from './spawned.js';
import { within } from './wait.js';

/**
 * Attaches this thread: in a spawned worker to its spawner's space, with a handle to any (over
 * shared memory; a thread on the message transport needs the link that spawn() gives it).
 *
 * @param {import('./space.js').Handle} [handle]
 * @param {import('./wait.js').Wait & {imports?: WebAssembly.Imports}} [options]
 * @returns {Promise<import('./space.js').Space>}
 */
export async function attach(handle, options = {}) {
  options.signal?.throwIfAborted();
  if (handle === undefined || handle === null) {
    return attachToSpawner(options, followByMessages);
  }
  const data = /** @type {import('./protocol.js').HandleData} */ (/** @type {unknown} */ (handle));
  if (data.sluice !== 1) throw new TypeError("attach() takes a space's handle, or nothing");
  if (data.transport === 'message') {
    throw new SluiceError(
      'not-isolated',
      'this space is on the message transport: start the worker with spawn(), and call attach() without a handle',
    );
  }
  const joined = join(data, undefined, options.imports);
  const thread = await within(joined, options, 'attach()');
  if (losesWakeUps()) thread.doorbell = makeDoorbell(thread);
  const space = makeSpace(data, thread, false);
  watchCreator(inside(space));
  return space;
}
