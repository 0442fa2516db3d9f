/**
 * Channels: records from a sender to a receiver, by name.
 *
 * @typedef {'spsc' | 'mpsc' | 'mpmc' | 'broadcast'} Kind
 *
 * @typedef {Readonly<Record<'sent' | 'received' | 'refused' | 'lost' | 'lostWithReceiver' | 'waits' | 'used' | 'capacity', number>>} ChannelStats
 *   `used` and `capacity` in bytes, the rest counts; on the message transport, this thread's part
 */

/**
 * @template T
 * @typedef {{kind?: Kind, capacity?: number, overflow?: 'wait' | 'fail', codec?: import('../codec.js').Codec<T>}} ChannelOptions
 *   `kind`: how many threads may send and receive: many to many ("mpmc") by default. Each record goes
 *   to one receiver, a broadcast's to all that have opened it before; its one sender never waits, but
 *   overwrites the oldest. `capacity` in bytes, a power of two from 64 on (a broadcast from 128), 64 KiB
 *   by default; a record takes 8 bytes more than its payload, rounded up to 8. A payload above an
 *   eighth of the capacity takes memory of the space instead, until it is received (16 bytes more); a
 *   broadcast's may not be larger. `overflow`: what a send does where there is no room
 */

/**
 * @template T
 * @typedef {{
 *   sender(): import('./sender.js').Sender<T>,
 *   receiver(): import('./receiver.js').Receiver<T>,
 *   stats(): ChannelStats,
 * }} Channel
 */

import { bytes, requireCodec } from '../codec.js';
import { inside } from '../internals.js';
import { PAGE } from '../layout.js';
import { lookUp, requireName } from '../names.js';
import { requireChoice } from '../options.js';
import { makeReceiver } from './receiver.js';
import { DEFAULT_CAPACITY, KINDS, leaveRing, openRing, requireSame } from './ring.js';
import { makeSender } from './sender.js';
import { channelStats } from './stats.js';

/**
 * Opens the channel `name`, or makes it. Every thread gives the same options.
 *
 * @template [T=Uint8Array]
 * @param {import('../space.js').Space} space
 * @param {string} name at most 100 bytes of UTF-8
 * @param {ChannelOptions<T>} [options]
 * @returns {Channel<T>}
 */
export function channel(space, name, options = {}) {
  const internals = inside(space);
  const { kind = 'mpmc', capacity = DEFAULT_CAPACITY, overflow = 'wait' } = options;
  const codec = /** @type {import('../codec.js').Codec<T>} */ (options.codec ?? bytes);
  requireName(name);
  requireOptions(kind, capacity, overflow, codec);
  const shape = { name, kind, capacity, codec: codec.id };
  const { pumps } = internals;
  internals.channelStats ??= (of) => channelStats(internals, of);
  if (pumps) {
    const known = internals.rings.get(name)?.find(({ failure, last }) => !failure && !last);
    if (known) requireSame(shape, known.shape);
  } else ringFor(internals, shape);

  /**
   * @template E
   * @param {'sender' | 'receiver'} end
   * @param {(ring: import('./ring.js').Ring, onClose: () => void) => E & {close(): void}} make
   */
  function open(end, make) {
    const { ends } = inside(space) && internals;
    const ring = pumps
      ? pumps.ring(internals, shape, mostOf(internals), end)
      : ringFor(internals, shape);
    const made = make(ring, () => {
      ends.delete(made);
      if (ring.done) ring.done();
      else leaveRing(ring);
    });
    ends.add(made);
    if (!pumps) ring.users++;
    pumps?.start(ring);
    // The creator has refused already where this thread is the creator.
    if (ring.failure) {
      made.close();
      throw ring.failure;
    }
    return made;
  }

  return {
    sender: () => open('sender', (ring, onClose) => makeSender(ring, codec, overflow, onClose)),
    receiver: () => open('receiver', (ring, onClose) => makeReceiver(ring, codec, onClose)),
    stats: () => channelStats(inside(space), name),
  };
}

/**
 * This thread's ring for the shape, which it opens once.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('./ring.js').Shape} shape
 */
function ringFor(internals, shape) {
  const { thread, rings } = internals;
  const [known] = rings.get(shape.name) ?? [];
  if (known?.at === lookUp(thread, shape.name)) {
    requireSame(shape, known.shape);
    return known;
  }
  if (known) leaveRing(known);
  const ring = openRing(thread, shape, mostOf(internals));
  rings.set(shape.name, [ring]);
  return ring;
}

/** Bytes that the space may get. @param {import('../internals.js').Internals} internals */
const mostOf = ({ handle }) => handle.pages.maximum * PAGE;

/**
 * @param {string} kind
 * @param {number} capacity
 * @param {string} overflow
 * @param {any} codec
 */
function requireOptions(kind, capacity, overflow, codec) {
  requireChoice('kind', kind, KINDS);
  requireChoice('overflow', overflow, ['wait', 'fail']);
  const power = Number.isInteger(capacity) && Math.log2(capacity) % 1 === 0;
  const least = kind === 'broadcast' ? 128 : 64;
  if (!power || capacity < least || capacity > 2 ** 30) {
    throw new TypeError(
      `capacity is a power of two from ${least} to 2^30 bytes, not ${String(capacity)}`,
    );
  }
  requireCodec(codec);
}
