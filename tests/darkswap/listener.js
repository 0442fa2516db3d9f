// A worker that listens to an exchange: it hears the events and reads the prices for itself.
import { createHash } from 'node:crypto';
import { attach, serve } from 'sluice';
import {
  bestCell,
  depthStore,
  eventChannel,
  marketName,
} from '../../examples/darkswap/pipeline/wiring.js';

const space = await attach();
const receiver = eventChannel(space).receiver();
const depths = depthStore(space);
await depths.ready; // and who answered that has heard of the receiver

async function hear() {
  const digest = createHash('sha256');
  for await (const record of receiver) digest.update(record);
  return { digest: digest.digest('hex'), lost: receiver.lost };
}
const heard = hear();

const api = {
  listening: () => true,
  heard: () => heard,
  /** @param {import('../../examples/darkswap/pipeline/wiring.js').Market[]} markets */
  prices: (markets) =>
    Promise.all(
      markets.map(async (market) => {
        const best = bestCell(space, market);
        await best.ready;
        return { best: { ...best.get() }, depth: depths.get(marketName(market)) };
      }),
    ),
};
serve(api);

/** @typedef {typeof api} ListenerApi */
