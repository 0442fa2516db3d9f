/** A peer's worker: it tells a recorded session, or a live one. */

import { schnorr } from '@noble/curves/secp256k1.js';
import { attach, serve } from 'sluice';
import { frames } from './message.js';
import { tellAll } from './peer.js';
import { readBytes } from './read.js';
import { session } from './session.js';

const space = await attach();
const signer = { publicKey: schnorr.getPublicKey, sign: schnorr.sign };
const PATIENCE = 60_000;
/** Seconds that an order stands while somebody watches. */
const STANDS = /** @type {const} */ ([5_000, 60_000]);

const api = {
  /** @param {string} url of a session @param {Parameters<typeof tellAll>[2]} [options] */
  tell: async (url, options) =>
    tellAll(space, frames(await readBytes(url)), { patience: PATIENCE, ...options }),

  /** As of now. @param {number} seed @param {number} count @param {import('./peer.js').Pace} pace */
  live: async (seed, count, pace) =>
    tellAll(space, session(seed, count, signer, { now: Date.now, stands: STANDS }), {
      patience: PATIENCE,
      pace,
    }),
};

serve(api);

/** @typedef {typeof api} PeerApi */
