// A spawned worker that makes a space of its own, posts its handle, and then does what it is told.
import { attach, channel, create, mutex, text } from '../sdk.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

await attach();
const own = await create();
const sender = channel(own, 'c', { kind: 'spsc', codec: text }).sender();
await sender.send('committed');
const held = await mutex(own, 'm').lock();
port.postMessage({ handle: own.handle, recovered: held.recovered });
await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
