// Attaches, and its spawner does not hear that it has: it says so by a message of its own.
import { attach } from '../sdk.js';

const inBrowser = 'WorkerGlobalScope' in globalThis;
/** @type {any} */
const page = inBrowser ? globalThis : process.getBuiltinModule('node:worker_threads').parentPort;

const { postMessage } = MessagePort.prototype;
/** @this {MessagePort} @param {any} message @param {any} transfer */
MessagePort.prototype.postMessage = function (message, transfer) {
  if (message?.op === 'attached') page.postMessage('entered');
  else postMessage.call(this, message, transfer);
};

await attach();
