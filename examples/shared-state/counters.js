/**
 * Three workers that count in a state, and what the page sees of them.
 *
 * @typedef {{count: number, heard?: string, negative: number}} Counted `negative`: the count again, so that
 *   a torn value would show
 */

import { spawn } from 'sluice';
import { SharedMemoryState } from './state.js';

export const NAMES = ['Worker 1', 'Worker 2', 'Worker 3'];

const startWorker = () =>
  new Worker(new URL('./counter.worker.js', import.meta.url), { type: 'module' });

/** @param {import('./state.js').StateOptions} options */
export async function startCounters(options) {
  const state = new SharedMemoryState(undefined, options);
  await state.ready;
  let reads = 0;
  let torn = 0;
  let closing = false;

  /** @param {string} name */
  async function start(name) {
    const peer = await spawn(state.space, startWorker);
    peer.worker.postMessage({ name });
    peers.set(name, peer);
  }

  /** @type {Map<string, import('sluice').Peer>} */
  const peers = new Map();
  await Promise.all(NAMES.map(start));

  return {
    state,

    /** @param {string} name */
    read(name) {
      const value = /** @type {Counted | undefined} */ (state.read(name));
      reads++;
      if (value && value.negative !== -value.count) torn++;
      return value ?? { count: 0, negative: 0 };
    },

    stats: () => ({ reads, torn, ended: state.space.stats().recovered }),

    /** Ends the worker in whatever it is doing, and starts another in its place. @param {string} name */
    async replace(name) {
      const peer = peers.get(name);
      if (!peer || closing) return;
      peers.delete(name);
      await peer.terminate();
      if (!closing) await start(name);
    },

    async close() {
      closing = true;
      await Promise.all([...peers.values()].map((peer) => peer.terminate()));
      await state.close({ timeout: 5000 });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startCounters>>} Counters */
