/**
 * Commands from the thread that started a worker, by postMessage, in Node and in browsers: `answer` in
 * the worker, `makeCaller` outside. A call that is not answered in time fails, so nothing hangs.
 */

const DEADLINE = 60_000;

/** @param {Record<string, (argument: any) => unknown>} commands */
export function answer(commands) {
  const port = parentPort();
  port.addEventListener('message', async (/** @type {MessageEvent} */ { data }) => {
    if (data?.call === undefined) return; // the SDK's handshake comes over the same port
    try {
      port.postMessage({ id: data.id, value: await commands[data.call](data.argument) });
    } catch (error) {
      port.postMessage({ id: data.id, error: String(error) });
    }
  });
}

/** A word to whoever listens, without a call. @param {unknown} progress */
export const tell = (progress) => parentPort().postMessage({ progress });

/** @returns {any} */
const parentPort = () =>
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

/**
 * @typedef {(call: string, argument?: unknown, transfer?: Transferable[]) => Promise<any>} Caller
 *
 * @param {string} who for messages
 * @param {import('sluice').Peer} peer
 * @param {(progress: any) => void} [onProgress]
 * @returns {Caller}
 */
export function makeCaller(who, peer, onProgress) {
  /** @type {Map<number, {resolve: (value: unknown) => void, reject: (reason: Error) => void}>} */
  const calls = new Map();
  let ids = 0;

  /** @param {any} data */
  function receive({ id, value, error, progress }) {
    if (progress !== undefined) onProgress?.(progress);
    const call = calls.get(id);
    calls.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${who}: ${error}`));
  }

  const worker = /** @type {any} */ (peer.worker);
  if (worker.on) worker.on('message', receive);
  else worker.addEventListener('message', (/** @type {MessageEvent} */ { data }) => receive(data));
  peer.lost.then(() => {
    for (const { reject } of calls.values()) reject(new Error(`${who} has died`));
  });

  return (call, argument, transfer = []) =>
    new Promise((resolve, reject) => {
      const id = ids++;
      const timer = setTimeout(
        () => receive({ id, error: `no answer to ${call} within ${DEADLINE} ms` }),
        DEADLINE,
      );
      const end = () => clearTimeout(timer);
      calls.set(id, {
        resolve: (value) => {
          end();
          resolve(value);
        },
        reject: (reason) => {
          end();
          reject(reason);
        },
      });
      worker.postMessage({ id, call, argument }, transfer);
    });
}
