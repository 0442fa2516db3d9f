/** What a figure has around it in Node. */

import { Worker } from 'node:worker_threads';

/** @type {import('./team.js').Env} */
export const nodeEnv = {
  engine: 'node',
  quick: process.env.QUICK === '1',
  worker: (script = 'worker.js') =>
    /** @type {any} */ (new Worker(new URL(script, import.meta.url))),
  script: (path) => new URL(path, import.meta.url).href,
  url: (path) => new URL(`../${path}`, import.meta.url).href,
  cpu: async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
