/** What a pool asks of a browser. host.node.js has the same exports; package.json's `imports` choose. */

/** The packaged worker. Bundlers know it by the whole of this expression. */
export const computeWorker = () =>
  new Worker(new URL('./compute-worker.js', import.meta.url), { type: 'module' });

/** @type {string | undefined} */
let inlined;

/** The same without its file. @returns {Promise<() => Worker>} */
export async function inlinedComputeWorker() {
  const { source } = await import('./inlined-compute-worker.js');
  inlined ??= URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const url = inlined; // kept: workers may be started at any time
  return () => new Worker(url, { type: 'module' });
}

export const cores = () => globalThis.navigator?.hardwareConcurrency ?? 2;
