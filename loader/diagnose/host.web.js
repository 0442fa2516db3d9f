/** What diagnose() asks of a browser. host.node.js has the same exports; package.json's `imports` choose. */

import { probe } from './probe.js';

/** Bundlers know it by the whole of this expression. */
export const fileWorker = () =>
  new Worker(new URL('./diagnose-worker.js', import.meta.url), { type: 'module' });

/** Its address, which a bundler may have left as it was. */
export const fileAddress = () => new URL('./diagnose-worker.js', import.meta.url);

/** The same worker without a file. */
export function blobWorker() {
  const url = URL.createObjectURL(new Blob([`(${probe})()`], { type: 'text/javascript' }));
  try {
    return new Worker(url);
  } finally {
    // Not before the worker has fetched it.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

export const cores = () => globalThis.navigator?.hardwareConcurrency ?? 1;

/** Which browser and page, without what the address may carry of a user. */
export function describe() {
  const { location, navigator } = globalThis;
  const page = location?.href.split(/[?#]/)[0] ?? 'no address';
  return `${page}\n${navigator?.userAgent ?? 'unknown browser'}`;
}
