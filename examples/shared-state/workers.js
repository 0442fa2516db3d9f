/**
 * This example's own workers, in browsers and in Node. Bundlers find a worker's file by the whole of the
 * expression `new Worker(new URL(...), ...)`.
 */

/** Node's, which takes the same arguments. Deno and Bun have a global one too, which tells no end. */
const NodeWorker = () =>
  /** @type {typeof Worker | undefined} */ (
    /** @type {unknown} */ (globalThis.process?.getBuiltinModule?.('node:worker_threads')?.Worker)
  );

/** Runs functions of modules. */
export const startProcessor = () => {
  const Other = NodeWorker();
  return Other
    ? new Other(new URL('./processor.worker.js', import.meta.url))
    : new Worker(new URL('./processor.worker.js', import.meta.url), { type: 'module' });
};

/** Sends back what it gets. */
export const startEcho = () => {
  const Other = NodeWorker();
  return Other
    ? new Other(new URL('./echo.worker.js', import.meta.url))
    : new Worker(new URL('./echo.worker.js', import.meta.url), { type: 'module' });
};
