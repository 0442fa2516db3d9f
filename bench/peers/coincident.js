/** coincident: the page and a worker call what the other has put on its proxy; the worker blocks meanwhile. */

import { inTurn } from './in-turn.js';

const CANNOT = 'it extends the Worker of browsers, which Node does not have';

/** @param {import('../team.js').Env} env */
async function start(env) {
  const { default: coincident } = await import('coincident/main');
  const { Worker } = coincident();
  return new Worker(env.script('peers/coincident.worker.js'));
}

/** @type {import('./calls.js').Caller} */
export const coincident = {
  name: 'coincident',
  note: 'no pool: with several workers each call goes to the least busy',
  engines: ['chromium', 'firefox', 'webkit'],
  cannot: CANNOT,
  load: async () => {
    await import('coincident/main');
    return async (env, workers) => {
      const team = await Promise.all(Array.from({ length: workers }, () => start(env)));
      const call = (
        /** @type {any} */ { proxy },
        /** @type {string} */ name,
        /** @type {any} */ argument,
      ) => proxy[name](argument);
      return {
        call:
          workers === 1 ? (name, argument) => call(team[0], name, argument) : inTurn(team, call),
        close: async () => {
          for (const worker of team) worker.terminate();
        },
      };
    };
  },
};

/** @type {import('./blocking.js').Blocking} */
export const blocking = {
  name: 'coincident',
  note: 'where the engine has Atomics.pause(), its worker spins while it waits',
  engines: ['chromium', 'firefox', 'webkit'],
  cannot: CANNOT,
  async open(env, page) {
    const worker = await start(env);
    Object.assign(worker.proxy, page);
    return {
      run: (count) => worker.proxy.run(count),
      wait: (ms) => worker.proxy.wait(ms),
      close: async () => worker.terminate(),
    };
  },
};
