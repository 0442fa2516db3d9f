/**
 * The calling side: another thread's served functions as one's own, asynchronous ones.
 *
 * @typedef {import('./runner.js').Api} Api
 */

/**
 * @template {Api} A
 * @typedef {{
 *   readonly [K in keyof A]: (...args: Parameters<A[K]>) => ReturnType<A[K]> extends AsyncIterable<infer U>
 *     ? AsyncIterableIterator<U> : Promise<Awaited<ReturnType<A[K]>>>
 * }} Remote
 */

import { keepAlive, watchDeath, watchWorker } from '#platform';
import { ASYNC_DISPOSE } from '../loader/dispose.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { handshake } from '../loader/protocol.js';
import { knownPeer, notLoaded, random } from '../loader/spawn.js';
import { gone, makeConnection } from './connection.js';
import { WORDS } from './shared.js';

const DEADLINE = 10_000;

/**
 * @typedef {{
 *   connection: import('./connection.js').Connection,
 *   space: import('../loader/space.js').Space | undefined,
 *   participant(): number, options: import('./caller.js').CallOptions,
 * }} Inside a remote
 * @type {WeakMap<object, Inside>}
 */
const remotes = new WeakMap();

/** @param {object} remote @returns {Inside} */
export function remoteOf(remote) {
  const known = remotes.get(remote);
  if (!known) throw new TypeError('this takes what connect() gave');
  return known;
}

/**
 * Connects to what another thread serves: a worker's own functions, or those at a port's other end.
 * Calls of one remote start in the order in which they were made.
 *
 * @template {Api} A
 * @param {Worker | MessagePort | import('../loader/spawn.js').Peer} peer
 * @param {{space?: import('../loader/space.js').Space}} [options] `space`: that both threads are in,
 *   for callSync() and `this.cancelled`; of a peer that spawn() gave it is known
 * @returns {Remote<A> & AsyncDisposable}
 */
export function connect(peer, options = {}) {
  const known = knownPeer(peer);
  const space = options.space ?? known?.space;
  const lock = `sluice-${random()}`;
  let participant = 0;
  const port = portTo(peer, (error) => connection.end(error));

  const letGo = keepAlive();
  const timer = setTimeout(() => connection.end(unserved()), DEADLINE);
  const arrived = () => {
    clearTimeout(timer);
    letGo();
  };
  const connection = makeConnection(
    port,
    {},
    () => space,
    (message) => {
      if (message.op !== 'ready') return;
      participant = message.participant;
      arrived();
      // It holds the lock now; whoever gets it next knows that it has ended.
      const stop = watchDeath(known?.worker ?? peer, lock, () => connection.end(gone()));
      connection.onEnd(() => stop?.());
    },
  );
  connection.onEnd(arrived);
  known?.lost.then((error) => connection.end(error));
  connection.post({ op: 'hello', lock, ...wordsOf(space, connection) });
  return remote({ connection, space, participant: () => participant, options: {} });
}

/**
 * Where calls of this connection are cancelled, if memory is shared.
 *
 * @param {import('../loader/space.js').Space | undefined} space
 * @param {import('./connection.js').Connection} connection
 */
function wordsOf(space, connection) {
  if (space?.transport !== 'shared') return { words: 0 };
  const { memory } = space;
  const { thread } = inside(space);
  const words = thread.alloc(WORDS * 4);
  thread.i32.fill(0, words >> 2, (words >> 2) + WORDS);
  connection.share(memory, words);
  connection.onEnd(() => thread.free(words));
  return { memory, words };
}

/**
 * A port to what the other thread serves.
 *
 * @param {Worker | MessagePort | import('../loader/spawn.js').Peer} peer
 * @param {(error: Error) => void} fail
 * @returns {MessagePort}
 */
function portTo(peer, fail) {
  if (peer instanceof MessagePort) return peer;
  const { port1, port2 } = new MessageChannel();
  const known = knownPeer(peer);
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

const unserved = () =>
  new SluiceError(
    'load',
    `the other thread did not call serve() within ${DEADLINE} ms: its script does not, or never loaded (see the console)`,
  );

/** @param {Inside} inside @returns {any} */
function remote(inside) {
  const { connection, options } = inside;
  /** @type {Map<string, Function>} */
  const functions = new Map();
  const close = async () => connection.end(new SluiceError('closed', 'this connection was closed'));
  const made = new Proxy(Object.create(null), {
    get(_target, name) {
      if (name === ASYNC_DISPOSE) return close;
      // Nothing that awaits a remote may take it for a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let known = functions.get(name);
      if (!known) {
        known = (/** @type {unknown[]} */ ...args) => connection.call(name, args, options);
        functions.set(name, known);
      }
      return known;
    },
  });
  remotes.set(made, inside);
  return made;
}

/**
 * The same remote, whose calls have these options.
 *
 * @template {object} R
 * @param {R} from what connect() gave
 * @param {import('./caller.js').CallOptions} options
 * @returns {R}
 */
export function withOptions(from, options) {
  const known = remoteOf(from);
  return /** @type {any} */ (remote({ ...known, options: { ...known.options, ...options } }));
}
