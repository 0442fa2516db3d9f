/** The exchange: an intake here, a pool that verifies, a worker that matches. Whoever starts it never blocks. */

import { connect, spawn } from 'sluice';
import { startIntake } from './intake.js';
import { Thread } from './thread.js';
import { bestCell, depthStore, eventChannel, gossipChannel, marketName } from './wiring.js';

/**
 * @typedef {'matcher' | 'verifier'} Role
 * @typedef {import('../engine/event.js').EngineEvent} EngineEvent
 * @typedef {{
 *   match(limits: import('./matcher.js').Limits): Promise<import('./matcher.js').Outcome>,
 *   order(id: Uint8Array): Promise<{status: number, order: EngineEvent} | undefined>,
 *   orders(base: Uint8Array, quote: Uint8Array): Promise<EngineEvent[]>,
 * }} MatcherApi
 * @typedef {(memory: Uint8Array, offset: number, length: number) => void} Tell events, one behind the other
 * @typedef {Parameters<typeof startIntake>[1]} IntakeOptions
 */

/** @param {Role} role @returns {Worker} */
export const makeWorker = (role) =>
  role === 'matcher'
    ? new Thread(new URL('./matcher.worker.js', import.meta.url), { type: 'module' })
    : new Thread(new URL('./verifier.worker.js', import.meta.url), { type: 'module' });

/**
 * @param {import('sluice').Space} space its module is the engine
 * @param {import('./matcher.js').Limits & Omit<IntakeOptions, 'spawn'> & {
 *   makeWorker?: (role: Role) => Worker, tell?: Tell, stays?: boolean,
 * }} options `tell` hears the events in this thread; `stays`: also without peers, until stop()
 */
export async function startExchange(space, options) {
  const { makeWorker: make = makeWorker, tell, stays, network, orders, markets, ...more } = options;
  const stay = stays ? gossipChannel(space).sender() : undefined;
  const events = tell ? eventChannel(space).receiver() : undefined;
  const depths = depthStore(space);
  /** @type {Map<string, ReturnType<typeof bestCell>>} */
  const bests = new Map();
  let alive = true;
  let told = false;

  const peer = await spawn(space, () => make('matcher'));
  /** @type {import('sluice').Remote<MatcherApi>} */
  const matcher = connect(peer, { space });
  const intake = startIntake(space, { ...more, network, spawn: () => make('verifier') });
  const matched = matcher.match({ network, orders, markets });
  matched.catch((error) => {
    alive = false;
    intake.fail(error);
  });

  /** All events that are there. */
  function hear() {
    if (events && tell && !told) events.drain(tell);
  }

  /** To the matcher's last event. */
  async function listen() {
    while (await events?.ready()) hear();
    told = true;
  }
  const listening = listen();
  listening.catch(() => {}); // it was closed

  async function finish() {
    try {
      const [outcome] = await Promise.all([matched, intake.done, listening]);
      return outcome;
    } finally {
      stop();
      events?.close();
      await peer.terminate();
    }
  }

  function stop() {
    stay?.close();
    intake.stop();
  }

  async function tick() {
    await intake.tick();
    hear();
  }

  /** @param {import('./wiring.js').Market} market */
  function bestOf(market) {
    const name = marketName(market);
    const best = bests.get(name) ?? bestCell(space, market);
    bests.set(name, best);
    return best;
  }

  const done = finish();
  done.catch(() => {});

  return {
    transport: space.transport,

    /** When all peers have closed, or it was stopped: what came of it. Rejects with what went wrong. */
    done,

    /** @param {Uint8Array[]} messages @returns {Promise<number[]>} their codes, when their events were told */
    async submit(messages) {
      const codes = await intake.submit(messages);
      hear();
      return codes;
    },

    tick,

    /** @param {Uint8Array} id */
    async order(id) {
      await tick();
      return matcher.order(id);
    },

    /** The open ones. @param {import('./wiring.js').Market} market */
    async orders({ base, quote }) {
      await tick();
      return matcher.orders(base, quote);
    },

    /** @param {import('./wiring.js').Market} market */
    async best(market) {
      await tick();
      const best = bestOf(market);
      await best.ready; // on messages: what it was when it was opened
      return best.get();
    },

    /** At once, as it was last published. @param {import('./wiring.js').Market} market */
    depth: (market) => depths.get(marketName(market)) ?? { bids: [], asks: [] },

    /** An order's path: what was received, verified and matched, how long that took; and the workers' health. */
    stats: () => ({
      ...intake.stats(),
      matcher: /** @type {'alive' | 'dead'} */ (alive ? 'alive' : 'dead'),
      lost: events?.lost ?? 0,
    }),

    /** Takes no more in: `done` comes when what it has is matched. */
    stop,
  };
}

/** @typedef {Awaited<ReturnType<typeof startExchange>>} Exchange */
