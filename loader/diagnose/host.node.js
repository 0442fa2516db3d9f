/** host.web.js, for Node. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export const fileAddress = () => new URL('./diagnose-worker.js', import.meta.url);

/** @returns {any} */
export const fileWorker = () => new Worker(fileAddress());

/** @returns {any} */
export const blobWorker = fileWorker;

export const cores = availableParallelism;

export const describe = () => `Node ${process.version} on ${process.platform} ${process.arch}`;
