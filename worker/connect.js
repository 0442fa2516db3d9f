/**
 * The calling side: another thread's served functions as one's own, asynchronous ones.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('../loader/spawn.js').AnyWorker | import('./serve.js').AnyPort | import('../loader/spawn.js').Peer<any>} To
 * @typedef {{
 *   connection: import('./connection.js').Connection,
 *   space: import('../loader/space.js').Space | undefined, readonly ready: Promise<void>,
 *   timeout: number, next?: number,
 * }} Link `ready`: the other side serves; or why it does not, after `timeout` milliseconds. `next`: the call that
 *   follows the last callSync()
 */

import { keepAlive, portsTell, turn, watchWorker } from '#platform';
import { nextId } from '../loader/common.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { below, ownPort } from '../loader/messages/own-port.js';
import { handshake } from '../loader/protocol.js';
import { knownPeer, notLoaded } from '../loader/spawn.js';
import { limit, watch } from '../loader/wait.js';
import { makeConnection } from './connection.js';
import { gone } from './line.js';
import { makeRemote } from './remote.js';

const DEADLINE = 10_000;

/**
 * Connects to what another thread serves: a worker's own functions, or those at a port's other end.
 * Calls of one remote start in the order in which they were made.
 *
 * @template {Api} A
 * @param {To} peer
 * @param {{space?: import('../loader/space.js').Space, timeout?: number}} [options] `space`: that both
 *   threads are in, for callSync() and `this.cancelled`; of a peer that spawn() gave it is known.
 *   `timeout`: milliseconds until calls fail with "load" where nobody serves (10,000)
 * @returns {import('./remote.js').Remote<A> & AsyncDisposable}
 */
export function connect(peer, options = {}) {
  limit(options.timeout); // before there is a port
  const link = linkTo(peer, options);
  const { connection } = link;
  return makeRemote({
    call: connection.call,
    options: {},
    link,
    close: async () => connection.end(new SluiceError('closed', 'this connection was closed')),
  });
}

/**
 * @param {To} peer
 * @param {{space?: import('../loader/space.js').Space, timeout?: number}} [options] of connect()
 * @param {(message: import('./protocol.js').Message) => void} [onMessage] hears of all of them first
 * @returns {Link}
 */
export function linkTo(peer, options = {}, onMessage = undefined) {
  const { timeout = DEADLINE } = options;
  const known = knownPeer(peer);
  const space = options.space ?? known?.space;
  const id = space && inside(space).handle.id;
  const port = portTo(peer, (error) => connection.end(error));
  /** @type {(error?: Error) => void} */
  let arrived = () => {};
  /** @type {Promise<void>} */
  const ready = new Promise((resolve, reject) => {
    const letGo = keepAlive();
    // A thread that was busy itself hears of the answer first.
    const stop = watch({ timeout }, 'connect()', async () => {
      await turn();
      if (!there) connection.end(unserved(timeout));
    });
    let there = false;
    arrived = (error) => {
      there = true;
      stop();
      letGo();
      if (error) reject(error);
      else resolve();
    };
  });
  ready.catch(() => {}); // told by the calls
  const connection = makeConnection(
    port,
    {},
    () => space,
    (message) => {
      if (message.op === 'alive') arrived();
      onMessage?.(message);
    },
    known ? false : /** @type {Worker | MessagePort} */ (peer),
  );
  connection.onEnd(arrived);
  if (space) connection.endWith(space);
  try {
    const board = space && connection.shared.offer(space);
    connection.post({ op: 'hello', space: id, board });
  } catch (error) {
    connection.end(/** @type {Error} */ (error));
    throw error;
  }
  connection.onEnd(watch({ signal: known?.gone }, '', connection.end));
  return { connection, space, ready, timeout };
}

/**
 * A port to what the other thread serves.
 *
 * @param {To} peer
 * @param {(error: Error) => void} fail
 * @returns {import('../loader/messages/own-port.js').Port}
 */
function portTo(peer, fail) {
  if (peer instanceof MessagePort) return peer;
  const known = knownPeer(peer);
  if (known && !portsTell()) {
    const of = nextId();
    known.worker.postMessage({ sluice: 'line', of });
    return ownPort(below(known.worker), of);
  }
  const { port1, port2 } = new MessageChannel();
  if (known) known.port.postMessage({ op: 'connect', port: port2 }, [port2]);
  else handOver(/** @type {Worker} */ (peer), port2, fail);
  return port1;
}

/**
 * Gives the port to a worker once it serves; it may do so already.
 *
 * @param {Worker} worker
 * @param {MessagePort} port
 * @param {(error: Error) => void} fail
 */
function handOver(worker, port, fail) {
  if (typeof worker?.postMessage !== 'function') {
    throw new TypeError('connect() takes a Worker, a MessagePort, or what spawn() gave');
  }
  const stop = watchWorker(worker, {
    message(data) {
      if (!handshake(data, 'serving')) return;
      stop();
      worker.postMessage({ sluice: 'connect', port }, [port]);
    },
    error: (message, cause) => fail(notLoaded(message, cause)),
    exit: () => fail(gone()),
  });
  worker.postMessage({ sluice: 'probe' });
}

/** @param {number} timeout */
export const unserved = (timeout) =>
  new SluiceError(
    'load',
    `the other thread did not call serve() within ${timeout} ms: its script does not, or never loaded (see the console), or callSync() reaches a thread that is not in this space`,
  );
