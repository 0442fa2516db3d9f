/** platform.web.js, for Node. */

import { Buffer } from 'node:buffer';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';

/** @typedef {import('./platform.web.js').Parent} Parent */
/** @typedef {import('./platform.web.js').WorkerEvents} WorkerEvents */

/** @param {URL} url @param {RequestInit} [init] @returns {Promise<Response>} */
export async function read(url, init) {
  if (url.protocol !== 'file:') return fetch(url, init);
  const headers = { 'content-type': url.pathname.endsWith('.wasm') ? 'application/wasm' : '' };
  try {
    return new Response(await readFile(url), { headers });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    return new Response(null, { status: 404, statusText: 'no such file' });
  }
}

/** Node takes the eleventh listener of a signal for a leak, and warns. @param {AbortSignal} signal */
export function forMany(signal) {
  if (signal instanceof AbortSignal) setMaxListeners(0, signal);
}

/** All of Node's threads may. */
export const mayBlock = () => true;

/** Bun's engine is WebKit's. */
export const losesWakeUps = () => 'bun' in process.versions;

/** Who listens to a worker's own messages keeps it running. */
export const ringsByMessage = () => false;

let waits = 0;
/** @type {NodeJS.Timeout | undefined} */
let anchor;

/** A pending Atomics.waitAsync or an unref'd port does not keep Node running; a timer does. It is made
 * once, and only counts while somebody waits: to make and clear one for each wait costs microseconds. */
export function keepAlive() {
  anchor ??= setInterval(() => {}, 2 ** 30);
  if (waits++ === 0) anchor.ref();
  let held = true;
  return () => {
    if (held && --waits === 0) anchor?.unref();
    held = false;
  };
}

/** Bytes that will all be written: V8 fills others with zeros, page by page. @param {number} bytes */
export const room = (bytes) => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);

export const portsTell = () => true;

/** @param {unknown} port */
export const unref = (port) => /** @type {any} */ (port).unref();

/** @returns {Parent | undefined} */
export function parent() {
  const port = parentPort;
  if (!port) return undefined;
  return {
    postMessage: (message, transfer = []) =>
      port.postMessage(message, /** @type {any} */ (transfer)),
    listen(onMessage) {
      port.on('message', onMessage);
      return () => {
        port.off('message', onMessage);
      };
    },
  };
}

/** Deno and Bun have one. */
const OTHER_WORKER =
  "the global Worker does not tell its end: import { Worker } from 'node:worker_threads'";

/**
 * @param {any} worker a Worker of node:worker_threads
 * @param {WorkerEvents} events
 */
export function watchWorker(worker, events) {
  if (typeof worker.on !== 'function') throw new TypeError(OTHER_WORKER);
  /** @param {unknown} data */
  const message = (data) => events.message?.(data);
  /** @param {any} error */
  const error = (error) => events.error?.(String(error?.message ?? error), error);
  /** @param {number} code */
  const exit = (code) => afterwards(() => events.exit?.(code));
  worker.on('message', message).on('error', error).on('messageerror', error).on('exit', exit);
  return () => {
    worker.off('message', message).off('error', error).off('messageerror', error).off('exit', exit);
  };
}

/**
 * @param {any} worker
 * @param {string | false | undefined} _name
 * @param {() => void} dead
 */
export function watchDeath(worker, _name, dead) {
  // Only whoever has the worker can tell. (A port tells by itself that its other side is gone.)
  if (typeof worker?.once !== 'function') return undefined;
  const exit = () => afterwards(dead);
  if (worker.threadId < 0) exit(); // it has exited already
  worker.once('exit', exit);
  return () => {
    worker.off('exit', exit);
  };
}

/**
 * Node tells of an exit between its look for messages and its immediates: in a turn that began then, what
 * the worker had posted would not come.
 *
 * @param {() => void} tell
 */
const afterwards = (tell) => setImmediate(tell);

/** A worker's exit comes after its own workers have been stopped. @param {string} _name @param {() => void} dead */
export const watchOrphan = (_name, dead) => dead();

/** The exit event does. */
export const provesDeath = async () => true;

/** The exit event is the proof here. @param {string} _name */
export const proveLife = async (_name) => true;

/** @returns {Promise<void>} */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

export const notIsolated = () => 'this Node cannot share memory between threads';
