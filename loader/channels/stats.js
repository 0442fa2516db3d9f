/**
 * How much went through channels.
 *
 * @typedef {import('./channel.js').ChannelStats} Figures
 */

import * as layout from '../layout.js';

/** @type {Figures} */
export const NONE = {
  sent: 0,
  received: 0,
  refused: 0,
  lost: 0,
  lostWithReceiver: 0,
  waits: 0,
  used: 0,
  capacity: 0,
};

/** @param {Figures} figures @param {(key: keyof Figures) => number} give @returns {Figures} */
const withEach = (figures, give) =>
  /** @type {any} */ (
    Object.fromEntries(
      Object.keys(figures).map((key) => [key, give(/** @type {keyof Figures} */ (key))]),
    )
  );

/** Of two rings of one channel. @param {Figures} one @param {Figures} other */
export const sum = (one, other) =>
  withEach(one, (key) => (key === 'capacity' ? other[key] : one[key] + other[key]));

/** @param {import('./ring.js').Ring} ring @returns {Figures} */
export function ringStats({ thread, at, kind, received, lost, shape: { capacity } }) {
  const words = new BigUint64Array(thread.memory.buffer);
  /** @param {number} address */
  const figure = (address) => Number(words[address / 8]);
  const none = { ...NONE, lost, capacity };
  if (kind === 'spsc') {
    return {
      ...none,
      sent: figure(at + layout.RING_SENT),
      received: figure(at + layout.RING_RECEIVED),
      refused: figure(at + layout.RING_REFUSED),
      waits: figure(at + layout.RING_SENDER_WAITS) + figure(at + layout.RING_RECEIVER_WAITS),
      used: thread.exports.sluice_ring_used(at) >>> 0,
    };
  }
  if (kind === 'broadcast') {
    return {
      ...none,
      sent: figure(at + layout.BROADCAST_RECORDS),
      received,
      used: figure(at + layout.BROADCAST_TAIL) - figure(at + layout.BROADCAST_OLDEST),
    };
  }
  // The place of names is large enough, and of nobody else meanwhile.
  const to = thread.area;
  thread.exports.sluice_ring_many_figures_of(at, to);
  return {
    ...none,
    sent: figure(to),
    received: figure(to + 8),
    lostWithReceiver: figure(to + 16),
    refused: figure(to + 24),
    waits: figure(to + 32) + figure(to + 40),
    used: figure(to + 48),
  };
}

/**
 * Of all that this thread has of a channel, or knows of it.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {string} name
 * @returns {Figures}
 */
export function channelStats({ rings, relay, pumps }, name) {
  pumps?.flush();
  const own = (rings.get(name) ?? []).map((ring) => {
    const figures = ring.last ?? ringStats(ring);
    // Of a ring that only one end uses, the other half is the message transport's.
    if (ring.end === 'sender') return { ...figures, received: 0 };
    return ring.end === 'receiver' ? { ...figures, sent: 0, used: 0 } : figures;
  });
  const all = own.reduce(sum, NONE);
  const relayed = relay?.stats(name) ?? NONE;
  return withEach(all, (key) => Math.max(all[key], relayed[key] ?? 0));
}
