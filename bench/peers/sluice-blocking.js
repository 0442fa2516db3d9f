/** callSync(): the worker sleeps in a futex until the page has answered. */

import { serve } from '../sdk.js';
import { openTeam } from '../team.js';

/** @type {import('./blocking.js').Blocking} */
export const blocking = {
  name: 'Sluice',
  async open(env, page) {
    const { members, close } = await openTeam(env, 1, {});
    const [worker] = members;
    const { port1, port2 } = new MessageChannel();
    serve({ ...page }, port1);
    await worker.post('blockInSpace', [port2], [port2]);
    return {
      run: (count) => worker.call('blockRun', count),
      wait: (ms) => worker.call('blockWait', ms),
      async close() {
        await close();
        port1.close();
      },
    };
  },
};
