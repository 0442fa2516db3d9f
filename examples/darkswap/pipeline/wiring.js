/**
 * What the threads have between them, opened alike in each:
 *
 *   peers --gossip--> intake --(a pool verifies)--verified--> matcher --events--> whoever listens
 *                     intake <-------answers----------------- matcher --best, depth--> pages
 */

import { cell, channel, store, struct } from 'sluice';

/** @typedef {import('sluice').Space} Space */
/** @typedef {{base: Uint8Array, quote: Uint8Array}} Market assets as bytes */

/** Messages as peers send them: the time of arrival (u64, 0: when it is taken in), then the message. */
export const gossipChannel = (/** @type {Space} */ space) =>
  channel(space, 'darkswap gossip', { kind: 'mpsc', capacity: 2 ** 18 });

/** Batches in the order of receipt, and what came of each: batch.js. */
export const verifiedChannel = (/** @type {Space} */ space) =>
  channel(space, 'darkswap verified', { kind: 'spsc', capacity: 2 ** 18 });

export const answerChannel = (/** @type {Space} */ space) =>
  channel(space, 'darkswap answers', { kind: 'spsc', capacity: 2 ** 14 });

/** Events, several a record. Whoever is too slow is told how many records it lost. */
export const eventChannel = (/** @type {Space} */ space) =>
  channel(space, 'darkswap events', { kind: 'broadcast', capacity: 2 ** 20 });

const bestCodec = struct({ bid: 'u64', bidAmount: 'u64', ask: 'u64', askAmount: 'u64' });
const NONE = { bid: 0n, bidAmount: 0n, ask: 0n, askAmount: 0n };

/** @param {Uint8Array} asset */
const assetName = (asset) =>
  `${asset[0]}${String.fromCharCode(...asset.subarray(2, 2 + asset[1]))}`;

/** A name that tells markets apart, and is no longer than the SDK takes. @param {Market} market */
export const marketName = ({ base, quote }) => `${assetName(base)} ${assetName(quote)}`;

/** The best prices of a market, 0 where there is none. @param {Space} space @param {Market} market */
export const bestCell = (space, market) =>
  cell(space, `darkswap best ${marketName(market)}`, bestCodec, NONE);

/** @typedef {{bids: import('../engine/book.js').Level[], asks: import('../engine/book.js').Level[]}} Depth */

/** By market: the best prices of both sides, and what stands there. @param {Space} space */
export const depthStore = (space) =>
  /** @type {import('sluice').Store<Depth>} */ (
    /** @type {unknown} */ (store(space, 'darkswap depth', { entries: 256 }))
  );
