/** What a pool asks of a browser. host.node.js has the same exports; package.json's `imports` choose. */

/** The packaged worker. Bundlers know it by the whole of this expression. */
export const computeWorker = () =>
  new Worker(new URL('./compute-worker.js', import.meta.url), { type: 'module' });

export const cores = () => globalThis.navigator?.hardwareConcurrency ?? 2;
