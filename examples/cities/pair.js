/**
 * The two workers, source and sink, and one way between them.
 *
 * @typedef {'shared' | 'message' | 'plain'} Way `plain`: one postMessage a record, as without Sluice
 * @typedef {import('./channels.js').Job} Job
 * @typedef {(name: 'source' | 'sink') => Worker} MakeWorker
 * @typedef {{records: number, bytes: number}} Size of all places once
 * @typedef {Size & {
 *   seconds: number, sent: string, received: string, totals: import('./tally.js').Totals,
 * }} Run `sent` and `received`: the SHA-256 of the bytes at each end
 * @typedef {{received: number, used?: number, capacity?: number}} Progress records so far, and how
 *   full the ring is, where there is one
 * @typedef {{
 *   way: Way, size: Size,
 *   run(job: Job, passes: number): Promise<Run>, progress(job: Job): Progress, close(): Promise<void>,
 * }} Pair `progress` counts over all runs of a job
 */

import { create, spawn } from 'sluice';
import { makeCaller } from './calls.js';
import { openChannels, PATIENCE } from './channels.js';

/**
 * @param {Way} way
 * @param {MakeWorker} makeWorker
 * @param {string} url of the places
 * @returns {Promise<Pair>}
 */
export async function startPair(way, makeWorker, url) {
  const space = await create(way === 'shared' ? { fallback: 'throw' } : { transport: 'message' });
  const peers = await Promise.all([
    spawn(space, () => makeWorker('source')),
    spawn(space, () => makeWorker('sink')),
  ]);
  let plainReceived = 0;
  const source = makeCaller(`${way}: the source`, peers[0]);
  const sink = makeCaller(`${way}: the sink`, peers[1], (count) => {
    plainReceived = count;
  });

  const channels = openChannels(space);
  const { port1, port2 } = new MessageChannel();
  const [toSource, toSink] = way === 'plain' ? [port1, port2] : [];
  const [size] = /** @type {[Size, void]} */ (
    await Promise.all([
      source('open', { url, plain: toSource }, toSource && [toSource]),
      sink('open', { plain: toSink }, toSink && [toSink]),
    ])
  );

  return {
    way,
    size,

    async run(job, passes) {
      const all = { records: passes * size.records, bytes: passes * size.bytes };
      const what = { job, passes, ...all };
      plainReceived = 0;
      await sink('expect', what);
      const start = performance.now();
      const sending = source('send', what);
      const receiving = sink('received');
      // Sending and receiving is what the transport does; the whole job ends with the two hashes.
      if (job === 'transport') await Promise.all([sending, receiving]);
      const transported = performance.now();
      const [sent, result] = await Promise.all([
        sending.then(() => source('sha256', what)),
        receiving.then(() => sink('result')),
      ]);
      const end = job === 'transport' ? transported : performance.now();
      const { sha256: received, totals } = result;
      return { ...all, seconds: (end - start) / 1000, sent, received, totals };
    },

    progress(job) {
      return way === 'plain' ? { received: plainReceived } : channels[job].stats();
    },

    async close() {
      await Promise.all(peers.map((peer) => peer.terminate()));
      await space.close(PATIENCE);
    },
  };
}
