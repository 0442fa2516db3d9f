/**
 * The serving side: functions of this thread for others to call. A worker file is
 * `serve({ resize, parse })`.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('./runner.js').Call} Call
 * @typedef {{postMessage(message: any, transfer?: any): void, start(): void, close(): void}} AnyPort a page's, or
 *   one of node:worker_threads
 */

import { attach } from '../loader/attach.js';
import { spaceOf } from '../loader/internals.js';
import { makeConnection } from './connection.js';
import { serveParent, spawners } from './serving.js';

/**
 * Lets other threads call the functions of `api`; inside them `this` is a {@link Call}. In a worker,
 * for whoever started it: it attaches to the space that it was spawned on, and stays on its event
 * loop. With a `port`, for whoever has its other end.
 *
 * @template {Api} A
 * @param {A & ThisType<Call>} api
 * @param {AnyPort} [port]
 * @returns {A}
 */
export function serve(api, port) {
  if (typeof api !== 'object' || api === null) {
    throw new TypeError('serve() takes an object of functions');
  }
  if (!port) {
    serveParent(
      // Who started this worker does not end before it.
      (connecting) => accept(api, connecting, false),
      () => attach(),
    );
  } else if (typeof port.start === 'function') accept(api, /** @type {MessagePort} */ (port));
  else throw new TypeError('serve() takes a MessagePort, whose other end the caller gets');
  return api;
}

/**
 * @param {Api} api
 * @param {import('../loader/messages/own-port.js').Port} port
 * @param {false} [proof]
 */
function accept(api, port, proof) {
  /** @type {import('../loader/space.js').Space | undefined} */
  let theirs;
  const connection = makeConnection(
    port,
    api,
    () => theirs ?? spawners,
    (message) => {
      if (message.op !== 'hello') return;
      const { space, board } = message;
      theirs = space === undefined ? undefined : spaceOf(space);
      if (!theirs) return;
      connection.endWith(theirs);
      if (board) connection.shared.accept(theirs, board);
    },
    proof,
  );
}
