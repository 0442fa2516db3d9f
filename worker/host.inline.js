/** host.web.js for the entry "sluice/inline", which has the compute worker in itself. */

import { source } from './inlined-compute-worker.js';

export { cores } from './host.web.js';

/** @type {string | undefined} */
let url;

export function computeWorker() {
  url ??= URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Worker(url, { type: 'module' });
}

/** There is no other. @returns {Promise<() => Worker>} */
export const inlinedComputeWorker = () => Promise.reject();
