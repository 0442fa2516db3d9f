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
 * @typedef {{kind?: Kind, capacity?: number, overflow?: 'wait' | 'fail', codec?: import('./codec.js').Codec<T>}} ChannelOptions
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

import { bytes } from './codec.js';
import { SluiceError } from './errors.js';
import { inside } from './internals.js';
import { makeReceiver } from './receiver.js';
import { DEFAULT_CAPACITY, mismatch, openRing, ringStats } from './ring.js';
import { makeSender } from './sender.js';

/** Marks of the two rings of a thread whose memory is its own. */
const OUT = '>';
const IN = '<';

/**
 * Opens the channel `name`, or makes it. Every thread gives the same options.
 *
 * @template [T=Uint8Array]
 * @param {import('./space.js').Space} space
 * @param {string} name at most 100 bytes of UTF-8
 * @param {ChannelOptions<T>} [options]
 * @returns {Channel<T>}
 */
export function channel(space, name, options = {}) {
  const internals = inside(space);
  const { kind = 'mpmc', capacity = DEFAULT_CAPACITY, overflow = 'wait' } = options;
  const codec = /** @type {import('./codec.js').Codec<T>} */ (options.codec ?? bytes);
  requireOptions(kind, capacity, overflow, codec);
  const shape = { name, capacity, codec: codec.id };
  const local = internals.link !== undefined;
  // Over shared memory, and at the creator, the ring is one for both ends.
  if (!local) ringFor(internals, shape);

  /** @template E @param {(onClose: () => void) => E & {close(): void}} make */
  function end(make) {
    const { ends } = inside(space) && internals;
    const made = make(() => ends.delete(made));
    ends.add(made);
    return made;
  }

  return {
    sender: () =>
      end((onClose) => {
        const ring = ringFor(internals, shape, local ? OUT : '');
        const made = makeSender(ring, codec, overflow, onClose);
        internals.link?.send(ring);
        return made;
      }),
    receiver: () =>
      end((onClose) => {
        const ring = ringFor(internals, shape, local ? IN : '');
        const made = makeReceiver(ring, codec, onClose);
        internals.link?.receive(ring);
        return made;
      }),
    stats: () => channelStats(inside(space), name),
  };
}

/**
 * This thread's ring for the shape, which it opens once.
 *
 * @param {import('./internals.js').Internals} internals
 * @param {import('./ring.js').Shape} shape
 * @param {string} [mark]
 */
export function ringFor({ thread, transport, rings }, shape, mark = '') {
  const known = rings.get(mark + shape.name);
  if (known) {
    const same = known.shape.capacity === shape.capacity && known.shape.codec === shape.codec;
    if (!same) throw mismatch(shape, known.shape);
    return known;
  }
  const ring = openRing(thread, transport, shape, mark);
  rings.set(mark + shape.name, ring);
  return ring;
}

/**
 * @param {import('./internals.js').Internals} internals
 * @param {string} name
 * @returns {ChannelStats}
 */
export function channelStats({ thread, rings }, name) {
  const parts = ['', OUT, IN].flatMap((mark) => {
    const ring = rings.get(mark + name);
    return ring ? [ringStats(thread, ring.at)] : [];
  });
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
  if (kind !== 'spsc') {
    throw new SluiceError(
      'mismatch',
      `a channel of kind ${JSON.stringify(kind)} is not in this version of Sluice: pass kind: "spsc", and give each sender a channel of its own`,
    );
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
