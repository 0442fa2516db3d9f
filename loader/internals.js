/**
 * What a Space keeps to itself.
 *
 * @typedef {{
 *   thread: import('./thread.js').Thread,
 *   transport: 'shared' | 'message',
 *   rings: Map<string, import('./channels/ring.js').Ring[]>,
 *   objects: Map<string, import('./objects.js').Entry>,
 *   followers?: Map<number, (message: any) => void>,
 *   watchers: Set<{close(): void, table?: import('./state/shared.js').One}>,
 *   ends: Set<{close(): void}>,
 *   hub?: import('./messages/hub.js').Hub,
 *   link?: import('./messages/link.js').Link,
 *   client?: import('./messages/hub.js').Client,
 *   pumps?: import('./messages/ends.js').Ends,
 *   relay?: import('./messages/relay.js').Relay,
 *   up?: MessagePort,
 *   channelStats?: (name: string) => import('./channels/channel.js').ChannelStats,
 *   handle: import('./protocol.js').HandleData,
 *   closed: boolean,
 * }} Internals on the message transport only: `hub` and `relay` at the creator, `link` elsewhere, and the `client`
 *   and the `pumps` of either; `objects`: the cells, stores
 *   and locks that this thread has opened; `followers`: who hears what the creator says of them, by their ids; `watchers`: who waits for a change; `ends`: the senders and receivers, cells and stores that are open in this thread, and the locks that it has; `up`: the port to this worker's spawner
 */

import { common } from './common.js';
import { SluiceError } from './errors.js';

const all = /* @__PURE__ */ common(
  'spaces',
  () => /** @type {WeakMap<object, Internals>} */ (new WeakMap()),
);

/** @param {import('./space.js').Space} space @param {Internals} internals */
export const remember = (space, internals) => {
  const { id } = internals.handle;
  all().set(space, internals);
  open().set(id, [...(open().get(id) ?? []), new WeakRef(space)]);
};

/** This thread's, by their handles' ids: as often as it has attached. */
const open = /* @__PURE__ */ common(
  'open',
  () => /** @type {Map<string, WeakRef<import('./space.js').Space>[]>} */ (new Map()),
);

/** A space of that id that this thread is in; those that are closed are forgotten. @param {string} id */
export function spaceOf(id) {
  const there = (open().get(id) ?? []).filter((ref) => {
    const space = ref.deref();
    return space && !all().get(space)?.closed;
  });
  if (there.length > 0) open().set(id, there);
  else open().delete(id);
  return there[0]?.deref();
}

/**
 * @param {import('./space.js').Space} space
 * @returns {Internals} of a space that is open
 */
export function inside(space) {
  const internals = all().get(space);
  if (!internals) throw new TypeError('not a space: pass what create() or attach() resolved to');
  if (internals.closed) {
    throw new SluiceError(
      'closed',
      'this space is closed in this thread: make or attach to another',
    );
  }
  return internals;
}
