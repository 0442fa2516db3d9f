/** postMessage as it is, in Node and in browsers alike. */

/** The port to the thread that started this worker. @returns {any} */
export const parentPort = () =>
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

/**
 * @param {any} port a worker, a MessagePort, or parentPort()
 * @param {(data: any) => void} use
 * @returns {() => void} stops
 */
export function listen(port, use) {
  if ('on' in port) {
    port.on('message', use);
    return () => port.off('message', use);
  }
  /** @param {MessageEvent} event */
  const listener = ({ data }) => use(data);
  port.addEventListener('message', listener);
  port.start?.();
  return () => port.removeEventListener('message', listener);
}

/** The next message. @param {any} port @returns {Promise<any>} */
export const next = (port) =>
  new Promise((resolve) => {
    const stop = listen(port, (data) => {
      stop();
      resolve(data);
    });
  });
