/** The least that a blocking call takes: a message to the page, the answer in a word, and Atomics.wait(). */

import { listen } from '../post.js';
import { openPlainTeam } from '../team.js';

/** @type {import('./blocking.js').Blocking} */
export const blocking = {
  name: 'Atomics',
  note: 'a message, and the answer in a word',
  async open(env, page) {
    const { members, close } = openPlainTeam(env, 1);
    const [worker] = members;
    const words = new Int32Array(new SharedArrayBuffer(8));
    listen(worker.worker, async (data) => {
      if (!data?.ask) return;
      const [name, argument] = data.ask;
      const value = name === 'twice' ? page.twice(argument) : await page.late(argument);
      words[1] = value;
      Atomics.store(words, 0, 1);
      Atomics.notify(words, 0);
    });
    await worker.call('blockByHand', words);
    return {
      run: (count) => worker.call('blockRun', count),
      wait: (ms) => worker.call('blockWait', ms),
      close,
    };
  },
};
