/** A recorded session through the whole exchange, over either transport: for tests, figures and the demo. */

import { create } from 'sluice';
import { EVENT_BYTES } from '../engine/event.js';
import { startPeer } from '../gossip/peer.js';
import { makeWorker, startExchange } from './exchange.js';
import { bestCell, depthStore, eventChannel, gossipChannel, marketName } from './wiring.js';

const MEMORY = 24 * 2 ** 20;
export const REGTEST = 2;

/**
 * @typedef {{
 *   wasm: import('sluice').SpaceOptions['wasm'], session: string, messages: number,
 *   transport: 'shared' | 'message', workers?: number, terminate?: number,
 *   keepLog?: boolean, markets?: import('./wiring.js').Market[],
 *   pace?: import('../gossip/peer.js').Pace,
 * }} ReplayOptions `session`: the file's URL; `terminate`: how many verifying workers are ended on the way;
 *   `keepLog`: also listen to the events; `markets`: whose prices to read at the end
 */

/** @param {ReplayOptions} options */
export async function replay({ session, messages, transport, terminate = 0, ...options }) {
  const space = await create({
    wasm: options.wasm,
    bytes: MEMORY,
    ...(transport === 'message' ? { transport } : {}),
  });
  try {
    if (space.transport !== transport)
      throw new Error(
        `memory cannot be shared here: the session would run over ${space.transport}`,
      );
    /** @type {Worker[]} */
    const verifiers = [];
    const log = options.keepLog ? listen(space) : undefined;
    const exchange = await startExchange(space, {
      network: REGTEST,
      workers: options.workers,
      makeWorker(role) {
        const worker = makeWorker(role);
        if (role === 'verifier') verifiers.push(worker);
        return worker;
      },
    });
    const peer = await startPeer(space);
    // The session is not over before the last death was seen: somebody might still have messages.
    const stay = gossipChannel(space).sender();
    const started = performance.now();
    const told = peer.tell(session, { pace: options.pace });
    const killed = endSome(exchange, verifiers, messages, terminate);
    const allTold = Promise.all([told, killed]).finally(() => stay.close());
    const [outcome, [counts]] = await Promise.all([exchange.done, allTold]);
    const ms = performance.now() - started;
    await peer.terminate();
    const stats = exchange.stats();
    const prices = await pricesOf(space, options.markets ?? []);
    return { outcome, counts, ms, stats, log: await log, prices };
  } finally {
    await space.close();
  }
}

/** As a page reads them. @param {import('sluice').Space} space @param {import('./wiring.js').Market[]} markets */
async function pricesOf(space, markets) {
  const depth = depthStore(space);
  await depth.ready;
  return Promise.all(
    markets.map(async (market) => {
      const best = bestCell(space, market);
      await best.ready;
      return { best: { ...best.get() }, depth: depth.get(marketName(market)) };
    }),
  );
}

/** Ends a verifying worker in the middle of a batch whenever another share of the messages is verified.
 * @param {import('./exchange.js').Exchange} exchange
 * @param {Worker[]} verifiers all that were ever made
 * @param {number} messages
 * @param {number} times */
async function endSome(exchange, verifiers, messages, times) {
  let over = false;
  const finished = () => {
    over = true;
  };
  exchange.done.then(finished, finished);
  const stats = () => exchange.stats();

  /** @param {() => boolean} holds */
  async function until(holds) {
    while (!holds()) {
      if (over) throw new Error(`the session ended after ${stats().workers.crashed} deaths`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  for (let n = 1; n <= times; n++) {
    const due = (messages * n) / (times + 2);
    await until(() => {
      const { verified, workers } = stats();
      return verified >= due && workers.busy > 0 && workers.busy === workers.size;
    });
    // The oldest is one of those that have started, and these have all a batch now.
    verifiers[n - 1].terminate();
    await until(() => stats().workers.crashed === n);
  }
}

/** All events to the end, as they were sent. @param {import('sluice').Space} space */
async function listen(space) {
  const receiver = eventChannel(space).receiver();
  /** @type {Uint8Array[]} */
  const records = [];
  for await (const record of receiver) records.push(record);
  if (receiver.lost > 0) throw new Error(`the listener lost ${receiver.lost} records`);
  const length = records.reduce((sum, record) => sum + record.length, 0);
  const log = new Uint8Array(length);
  let at = 0;
  for (const record of records) {
    log.set(record, at);
    at += record.length;
  }
  if (length % EVENT_BYTES !== 0) throw new Error(`an event log of ${length} bytes`);
  return log;
}
