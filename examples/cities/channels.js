/** The channels of the demonstration, as every thread opens them. */

import { bytes, channel } from 'sluice';
import { place } from './place.js';

/**
 * @typedef {'transport' | 'whole'} Job `transport`: records encoded beforehand are sent, received and
 *   kept; `whole`: places are encoded, sent, received, decoded and counted, and hashed on both sides
 */

/** The longest wait of a sender or receiver for the other, in milliseconds. */
export const PATIENCE = { timeout: 30_000 };

const CAPACITY = 512 * 1024;

/** @param {import('sluice').Space} space */
export const openChannels = (space) => ({
  transport: channel(space, 'records', { kind: 'spsc', capacity: CAPACITY, codec: bytes }),
  whole: channel(space, 'places', { kind: 'spsc', capacity: CAPACITY, codec: place }),
});
