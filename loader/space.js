/**
 * Spaces: one memory, one module, named channels.
 *
 * @typedef {Readonly<Record<'bytes' | 'used' | 'peers' | 'recovered', number>> & {
 *   readonly channels: Readonly<Record<string, import('./channels/channel.js').ChannelStats>>,
 * }} SpaceStats `peers`: threads in the space, this one too (on the message transport only the
 *   creator knows them all); `recovered`: threads that died; `channels`: those this thread opened
 *
 * @typedef {{readonly __space: unique symbol}} Handle structured-cloneable
 *
 * @typedef {{
 *   readonly handle: Handle,
 *   readonly transport: 'shared' | 'message',
 *   readonly exports: WebAssembly.Exports,
 *   readonly memory: WebAssembly.Memory,
 *   stats(): SpaceStats,
 *   close(wait?: import('./wait.js').Wait): Promise<void>, [Symbol.asyncDispose](): Promise<void>,
 * }} Space `exports`: of the space's module, in this thread; after close() they must not be called.
 *   close(): leaves the space, when all that this thread sent is committed, and gives its locks back;
 *   where the creator closes, the space is closed for all, who read what is left
 */

import { ASYNC_DISPOSE } from './dispose.js';
import { inside, remember, spaceOf } from './internals.js';
import * as layout from './layout.js';
import { within } from './wait.js';

/**
 * @param {import('./protocol.js').HandleData} handle
 * @param {import('./thread.js').Thread} thread
 * @param {boolean} creator is this thread
 * @param {(internals: import('./internals.js').Internals) => void} [overMessages] adds what that
 *   transport needs
 * @returns {Space}
 */
export function makeSpace(handle, thread, creator, overMessages) {
  const { exports, memory } = thread;
  /** @type {import('./internals.js').Internals} */
  const internals = {
    thread,
    transport: handle.transport,
    rings: new Map(),
    objects: new Map(),
    watchers: new Set(),
    ends: new Set(),
    handle,
    closed: false,
  };
  overMessages?.(internals);
  const { hub, link } = internals;

  async function leave() {
    for (const end of [...internals.ends, ...internals.watchers]) end.close();
    // Who has a lock at hand takes it no more: the participant may soon be another thread's. To leave
    // closes them all, so their users have no end.
    for (const object of internals.objects.values()) {
      object.removed = true;
      object.users = Infinity;
    }
    internals.closed = true;
    await internals.pumps?.settled();
    if (creator) {
      exports.sluice_space_close(thread.self);
      await hub?.settled();
    }
    hub?.close();
    link?.leave();
    exports.sluice_participant_leave(thread.self);
    spaceOf(handle.id);
  }

  /** @type {Promise<void> | undefined} */
  let leaving;

  /** @type {Space} */
  const space = {
    handle: /** @type {any} */ (handle),
    transport: handle.transport,
    exports,
    memory,

    stats() {
      inside(space);
      return {
        bytes: memory.buffer.byteLength,
        used: exports.sluice_space_used(thread.self) >>> 0,
        peers: exports.sluice_participant_count(thread.self) + (internals.hub?.peers() ?? 0),
        recovered: thread.i32[(thread.base + layout.HEADER_RECOVERED) >> 2] >>> 0,
        channels: Object.fromEntries(
          [...internals.rings.keys()].map((name) => [
            name,
            /** @type {NonNullable<typeof internals.channelStats>} */ (internals.channelStats)(
              name,
            ),
          ]),
        ),
      };
    },

    async close(wait) {
      leaving ??= leave();
      return within(leaving, wait, 'close()');
    },

    [ASYNC_DISPOSE]: () => space.close(),
  };
  remember(space, internals);
  return space;
}
