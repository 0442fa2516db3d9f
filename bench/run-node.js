/** One figure in Node, in a process of its own, which bench.js starts: its lines go to the parent. */

import { Worker } from 'node:worker_threads';
import { figures } from './figures.js';

const lines = await figures[process.argv[2]]({
  engine: 'node',
  worker: (script = 'worker.js') =>
    /** @type {any} */ (new Worker(new URL(script, import.meta.url))),
  url: (path) => new URL(`../${path}`, import.meta.url).href,
});
process.send?.(lines);
