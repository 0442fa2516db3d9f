/** Plain messages, alike in browsers and in Node. */

/** This worker's port to the thread that started it. @returns {any} */
export const parentPort = () =>
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

/** @param {any} from a worker, or a port @param {(data: any) => void} listener */
export function listen(from, listener) {
  if (typeof from.on === 'function') from.on('message', listener);
  else from.addEventListener('message', (/** @type {MessageEvent} */ { data }) => listener(data));
}
