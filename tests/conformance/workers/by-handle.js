// A worker that gets a space's handle by a message of the user's own.
import { attach, channel, text } from '../sdk.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;
/** @type {any} */
const handle = await new Promise((resolve) => {
  if (port === globalThis) port.onmessage = (/** @type {any} */ event) => resolve(event.data);
  else port.once('message', resolve);
  port.postMessage('listening');
});
try {
  const space = await attach(handle);
  const sender = channel(space, 'by-handle', { kind: 'spsc', codec: text }).sender();
  await sender.send('attached by handle');
  port.postMessage({ code: 'none' });
} catch (error) {
  const { code, message } = /** @type {any} */ (error);
  port.postMessage({ code, message });
}
