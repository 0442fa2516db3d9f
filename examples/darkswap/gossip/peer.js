/** A peer that tells messages to an exchange, as they come from the network. */

import { connect, spawn } from 'sluice';
import { makeSubmitter } from '../pipeline/submit.js';
import { Thread } from '../pipeline/thread.js';

/** @typedef {{burst: number, everyMs: number}} Pace so many messages, then so long nothing */

/**
 * As fast as the exchange takes them, or at a pace.
 *
 * @param {import('sluice').Space} space
 * @param {Iterable<{time: bigint, message: Uint8Array}>} gossip
 * @param {{patience?: number, pace?: Pace}} [options]
 */
export async function tellAll(space, gossip, options) {
  const pace = options?.pace;
  const submitter = makeSubmitter(space, options);
  let told = 0;
  try {
    for (const { time, message } of gossip) {
      const sent = submitter.offer(message, time);
      if (sent !== true) await sent;
      if (pace && ++told % pace.burst === 0)
        await new Promise((resolve) => setTimeout(resolve, pace.everyMs));
    }
    return submitter.counts();
  } finally {
    submitter.close();
  }
}

/**
 * A peer in a thread of its own.
 *
 * @param {import('sluice').Space} space the exchange's
 */
export async function startPeer(space) {
  const peer = await spawn(
    space,
    () => new Thread(new URL('./peer.worker.js', import.meta.url), { type: 'module' }),
  );
  /** @type {import('sluice').Remote<import('./peer.worker.js').PeerApi>} */
  const { tell, live } = connect(peer);
  return { tell, live, terminate: () => peer.terminate() };
}
