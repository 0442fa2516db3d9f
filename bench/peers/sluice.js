/** Sluice: a pool on shared memory, and on messages; a connection to one worker. */

import { connect, create, pool, spawn } from '../sdk.js';

const script = 'peers/sluice.worker.js';

/** @param {string} name @param {import('sluice').SpaceOptions} options @returns {import('./calls.js').Caller} */
const pooled = (name, options) => ({
  name,
  load: async () => async (env, workers) => {
    const space = await create({ fallback: 'throw', ...options });
    const made = pool(space, () => env.worker(script), { size: workers, minSize: workers });
    return {
      call: (name, argument) => /** @type {any} */ (made.run(name, [argument])),
      async close() {
        await made.close();
        await space.close({ timeout: 5000 });
      },
    };
  },
});

export const onShared = pooled('Sluice', {});
export const onMessages = pooled('Sluice on messages', { transport: 'message' });

/** @type {import('./calls.js').Caller} */
export const connected = {
  name: 'Sluice, connect()',
  most: 1,
  load: async () => async (env) => {
    const space = await create({ fallback: 'throw' });
    const peer = await spawn(space, () => env.worker(script));
    const remote = /** @type {any} */ (connect(peer));
    return {
      call: (name, argument) => remote[name](argument),
      async close() {
        await peer.terminate();
        await space.close({ timeout: 5000 });
      },
    };
  },
};
