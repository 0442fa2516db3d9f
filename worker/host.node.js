/** host.web.js, for Node. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** @returns {any} */
export const computeWorker = () => new Worker(new URL('./compute-worker.node.js', import.meta.url));

/** Nothing loses it in Node. @returns {Promise<any>} */
export const inlinedComputeWorker = () => Promise.reject();

export const cores = availableParallelism;
