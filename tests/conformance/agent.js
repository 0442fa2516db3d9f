// The case's side of workers/agent.js.
import { equal } from './assert.js';
import { create, spawn } from './sdk.js';

/**
 * @typedef {{
 *   peer: import('sluice').Peer, call(command: string, ...args: unknown[]): Promise<any>,
 * }} Agent `call` gives what the command gave, or rejects with the name, message and code it threw
 */

/** @param {any} worker @param {(data: any) => void} listener */
export function listen(worker, listener) {
  if ('on' in worker) worker.on('message', listener);
  else worker.addEventListener('message', (/** @type {any} */ event) => listener(event.data));
}

/**
 * @param {import('./env.js').Env} env
 * @param {import('sluice').Space} space
 * @param {string} [script] in workers/
 * @returns {Promise<Agent>}
 */
export async function startAgent(env, space, script = 'agent.js') {
  const peer = await spawn(space, () => env.worker(script));
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: unknown) => void}>} */
  const calls = new Map();
  let ids = 0;
  listen(peer.worker, ({ id, value, error }) => {
    const call = calls.get(id);
    calls.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), error));
    else call?.resolve(value);
  });
  return {
    peer,
    call: (command, ...args) =>
      new Promise((resolve, reject) => {
        calls.set(ids, { resolve, reject });
        peer.worker.postMessage({ id: ids++, command, args });
      }),
  };
}

/**
 * A space with agents, all ended afterwards.
 *
 * @param {import('./env.js').Env} env
 * @param {number} count
 * @param {(space: import('sluice').Space, ...agents: Agent[]) => Promise<void>} use
 * @param {import('sluice').SpaceOptions} [options]
 * @param {string} [script]
 */
export async function withAgents(env, count, use, options = {}, script = undefined) {
  const space = await create({ ...env.options, ...options });
  /** @type {Agent[]} */
  const agents = [];
  try {
    for (let i = 0; i < count; i++) agents.push(await startAgent(env, space, script));
    await use(space, ...agents);
  } finally {
    for (const { peer } of agents) peer.worker.terminate();
    await space.close({ timeout: 5000 }).catch(() => {});
  }
}

/**
 * What one thread was told another may hear a moment later, over messages.
 *
 * @param {() => Promise<unknown>} read
 * @param {unknown} expected
 */
export async function becomes(read, expected) {
  let value = await read();
  for (let i = 0; i < 1000 && value !== expected; i++) value = await read();
  equal(value, expected);
}
