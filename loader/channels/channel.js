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
 *   `capacity` in bytes, a power of two from 64 on, 64 KiB by default; a record takes 8 bytes more
 *   than its payload, rounded up to 8, and its payload at most an eighth of the capacity
 */

/**
 * @template T
 * @typedef {{
 *   sender(): import('./sender.js').Sender<T>,
 *   receiver(): import('./receiver.js').Receiver<T>,
 *   stats(): ChannelStats,
 * }} Channel
 */

import { bytes } from '../codec.js';
import { inside } from '../internals.js';
import { requireName } from '../objects.js';
import { makeReceiver } from './receiver.js';
import { DEFAULT_CAPACITY, openRing, privateRing, requireSame, ringStats } from './ring.js';
import { makeSender } from './sender.js';

const KINDS = ['spsc', 'mpsc', 'mpmc', 'broadcast'];

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
  const [known] = internals.rings.get(name) ?? [];
  if (known) requireSame(shape, known.shape);
  else if (!pumps) ringFor(internals, shape);

  /**
   * @template E
   * @param {'sender' | 'receiver'} end
   * @param {(ring: import('./ring.js').Ring, onClose: () => void) => E & {close(): void}} make
   */
  function open(end, make) {
    const { ends } = inside(space) && internals;
    const ring = pumps ? ownRing(internals, shape, end) : ringFor(internals, shape);
    const made = make(ring, () => {
      ends.delete(made);
      ring.done?.();
    });
    ends.add(made);
    return { made, ring };
  }

  return {
    sender() {
      const { made, ring } = open('sender', (ring, onClose) =>
        makeSender(ring, codec, overflow, onClose),
      );
      pumps?.send(ring);
      return accepted(made, ring);
    },
    receiver() {
      const { made, ring } = open('receiver', (ring, onClose) =>
        makeReceiver(ring, codec, onClose),
      );
      pumps?.receive(ring);
      return accepted(made, ring);
    },
    stats: () => channelStats(inside(space), name),
  };
}

/**
 * This thread's ring for the shape, which it opens once.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('./ring.js').Shape} shape
 */
function ringFor({ thread, rings }, shape) {
  const [known] = rings.get(shape.name) ?? [];
  if (known) {
    requireSame(shape, known.shape);
    return known;
  }
  const ring = openRing(thread, 'shared', shape);
  rings.set(shape.name, [ring]);
  return ring;
}

/**
 * The creator has refused already where this thread is the creator.
 *
 * @template {{close(): void}} E
 * @param {E} made
 * @param {import('./ring.js').Ring} ring
 */
function accepted(made, { failure }) {
  if (!failure) return made;
  made.close();
  throw failure;
}

/**
 * A new ring, for one end.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('./ring.js').Shape} shape
 * @param {'sender' | 'receiver'} end
 */
function ownRing({ thread, rings }, shape, end) {
  const ring = privateRing(thread, shape, end);
  const known = rings.get(shape.name) ?? [];
  rings.set(shape.name, [...known, ring]);
  return ring;
}

/**
 * @param {import('../internals.js').Internals} internals
 * @param {string} name
 * @returns {ChannelStats}
 */
export function channelStats({ thread, rings, relay, pumps }, name) {
  pumps?.flush();
  const parts = (rings.get(name) ?? []).map((ring) => {
    const figures = ring.last ?? ringStats(thread, ring.at);
    // Of a ring that only one end uses, the other half is the message transport's.
    if (ring.end === 'sender') return { ...figures, received: 0 };
    return ring.end === 'receiver' ? { ...figures, sent: 0, used: 0 } : figures;
  });
  const relayed = relay?.stats(name);
  if (relayed) parts.push(relayed);
  /** @param {keyof ChannelStats} key */
  const most = (key) => Math.max(0, ...parts.map((part) => part[key]));
  return {
    sent: most('sent'),
    received: most('received'),
    refused: most('refused'),
    lost: most('lost'),
    lostWithReceiver: most('lostWithReceiver'),
    waits: most('waits'),
    used: most('used'),
    capacity: most('capacity'),
  };
}

/**
 * @param {string} kind
 * @param {number} capacity
 * @param {string} overflow
 * @param {any} codec
 */
function requireOptions(kind, capacity, overflow, codec) {
  if (!KINDS.includes(kind)) {
    throw new TypeError(`kind is one of ${KINDS.join(', ')}, not ${JSON.stringify(kind)}`);
  }
  const power = Number.isInteger(capacity) && Math.log2(capacity) % 1 === 0;
  if (!power || capacity < 64 || capacity > 2 ** 30) {
    throw new TypeError(
      `capacity is a power of two from 64 to 2^30 bytes, not ${String(capacity)}`,
    );
  }
  if (overflow !== 'wait' && overflow !== 'fail') {
    throw new TypeError(`overflow is "wait" or "fail", not ${JSON.stringify(overflow)}`);
  }
  for (const method of ['size', 'encode', 'decode']) {
    if (typeof codec?.[method] !== 'function' || typeof codec.id !== 'string') {
      throw new TypeError('a codec has an id and the functions size, encode and decode');
    }
  }
}
