// A worker that nobody spawned: new Worker() alone. Says what attach() made of that.
import { attach } from '../sdk.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;
try {
  await attach(undefined, { timeout: 300 });
  port.postMessage({ code: 'none' });
} catch (error) {
  const { code, message } = /** @type {any} */ (error);
  port.postMessage({ code, message });
}
