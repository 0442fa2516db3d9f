// Where a case of this example runs, and what it starts.
import { connect, spawn } from 'sluice';
import { SharedMemoryState } from '../../examples/shared-state/state.js';

/**
 * @typedef {object} Env
 * @property {'shared' | 'message'} transport what a state has to be on here
 * @property {boolean} node
 * @property {{transport?: 'message'}} options to spread into those of a state
 * @property {string} jobs the address of jobs.js
 * @property {number} terminations how many workers are terminated as they write
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {(env: Env) => boolean} [where] everywhere by default
 * @property {(env: Env) => Promise<void>} run
 */

/** @returns {any} */
const NodeWorker = () => globalThis.process?.getBuiltinModule?.('node:worker_threads')?.Worker;

/** @param {URL} url @returns {Worker} */
const start = (url) =>
  NodeWorker() ? new (NodeWorker())(url) : new Worker(url, { type: 'module' });

export const workers = {
  agent: () => start(new URL('./agent.worker.js', import.meta.url)),
  deaf: () => start(new URL('./deaf.worker.js', import.meta.url)),
  forger: () => start(new URL('./forger.worker.js', import.meta.url)),
  jobs: () => start(new URL('./jobs.worker.js', import.meta.url)),
};

/** @typedef {{peer: import('sluice').Peer, call: Record<string, (...args: any[]) => Promise<any>>}} Agent */

/** @param {SharedMemoryState} state @returns {Promise<Agent>} */
export async function startAgent(state) {
  const peer = await spawn(state.space, workers.agent);
  return { peer, call: /** @type {any} */ (connect(peer)) };
}

/**
 * A state with agents, all ended afterwards.
 *
 * @param {Env} env
 * @param {number} count
 * @param {(state: SharedMemoryState, ...agents: Agent[]) => Promise<void>} use
 * @param {number} [bytes]
 */
export async function withAgents(env, count, use, bytes) {
  const state = new SharedMemoryState(bytes, env.options);
  /** @type {Agent[]} */
  let agents = [];
  try {
    await state.ready;
    agents = await Promise.all(Array.from({ length: count }, () => startAgent(state)));
    await use(state, ...agents);
  } finally {
    for (const { peer } of agents) peer.worker.terminate();
    await state.close({ timeout: 5000 }).catch(() => {});
  }
}

/** Waits until the state's key has the value. @param {SharedMemoryState} state @param {string} key @param {unknown} value */
export async function reaches(state, key, value) {
  for await (const now of state.watch(key, { timeout: 10_000 })) if (now === value) return;
}
