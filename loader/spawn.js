/**
 * Starting workers on a space, and knowing when they have died.
 *
 * @typedef {{postMessage(message: any, transfer?: any): void, terminate(): unknown}} AnyWorker a page's, or
 *   one of node:worker_threads
 */

/**
 * @template {AnyWorker} [W=Worker]
 * @typedef {{
 *   readonly worker: W,
 *   readonly lost: Promise<import('./errors.js').SluiceError>,
 *   terminate(): Promise<void>, [Symbol.asyncDispose](): Promise<void>,
 * }} Peer `lost` resolves when the worker is proven dead; terminate() ends it and resolves then
 */

import {
  keepAlive,
  ringsByMessage,
  turn,
  unref,
  watchDeath,
  watchOrphan,
  watchWorker,
} from '#platform';
import { common } from './common.js';
import { alive, bury } from './death.js';
import { ASYNC_DISPOSE } from './dispose.js';
import { hasCode, SluiceError } from './errors.js';
import { inside } from './internals.js';
import { makeRoom } from './memory.js';
import { fromPlain } from './plain-errors.js';
import { handshake, PROTOCOL } from './protocol.js';
import { check } from './thread.js';
import { requireWait, watch } from './wait.js';

/**
 * @typedef {{
 *   worker: Worker, port: MessagePort, space: import('./space.js').Space, gone: AbortSignal,
 * }} Known `gone` aborts with what `lost` resolves with; who listens can stop, which a promise does not let
 */

const peers = /* @__PURE__ */ common(
  'peers',
  () => /** @type {WeakMap<object, Known>} */ (new WeakMap()),
);

/** What is known of a worker that spawn() started. @param {object} peer */
export const knownPeer = (peer) => peers().get(peer);

const DEADLINE = 10_000;

/**
 * Starts a worker whose script calls attach(), and waits until it has. A worker that does not get
 * there is terminated, and the error of code "load" names the likely cause.
 *
 * @param {import('./space.js').Space | Promise<import('./space.js').Space>} space the promise of one
 *   saves time: the worker's script loads while the space is made
 * @template {AnyWorker} [W=Worker]
 * @param {() => W} make
 * @param {import('./wait.js').Wait} [wait] `timeout`: 10 seconds by default
 * @returns {Promise<Peer<W>>}
 */
export async function spawn(space, make, wait) {
  if (!('then' in Object(space))) inside(/** @type {import('./space.js').Space} */ (space));
  requireWait(wait);
  /** @type {any} */
  const worker = startWorker(make);
  const letGo = keepAlive();
  try {
    return await meet(Promise.resolve(space), worker, wait);
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    letGo();
  }
}

/** @param {() => AnyWorker} make */
function startWorker(make) {
  let worker;
  try {
    worker = make();
  } catch (cause) {
    throw new SluiceError('load', `the worker was not made: ${messageOf(cause)}`, { cause });
  }
  if (typeof worker?.postMessage !== 'function' || typeof worker.terminate !== 'function') {
    throw new TypeError('spawn() takes a function that returns a new Worker');
  }
  return worker;
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * The handshake (protocol.js).
 *
 * @param {Promise<import('./space.js').Space>} coming
 * @param {Worker} worker
 * @param {import('./wait.js').Wait | undefined} wait
 * @returns {Promise<Peer<any>>}
 */
function meet(coming, worker, wait) {
  const timeout = wait?.timeout ?? DEADLINE;
  return new Promise((resolve, reject) => {
    /** Of a worker that was let in. @type {((proven?: boolean) => Peer) | undefined} */
    let peer;
    let [greeted, over] = [false, false];
    /** @type {SluiceError | undefined} */
    let failure;
    const end = () => {
      over = true;
      stopWatching();
      stopWaiting();
    };
    /** @param {unknown} reason */
    const fail = (reason) => {
      if (over) return;
      end();
      peer?.().terminate();
      reject(reason);
    };
    // What the worker posted before may still be on its way.
    const failLater = (/** @type {SluiceError} */ error) => {
      failure = error;
      turn().then(() => fail(error));
    };
    const stopWaiting = watch({ signal: wait?.signal, timeout }, 'spawn()', (reason) =>
      fail(hasCode(reason, 'timeout') ? tooLate(reason) : reason),
    );
    const stopWatching = watchWorker(worker, {
      message(data) {
        const failed = handshake(data, 'failed');
        if (failed) fail(fromPlain(failed.error));
        const hello = handshake(data, 'hello');
        if (!hello || greeted) return (hello ?? failed) !== undefined;
        greeted = true;
        if (hello.version === PROTOCOL) coming.then((space) => welcome(space, hello)).catch(fail);
        else fail(versions(hello.version));
        return true;
      },
      error: (message, cause) => failLater(notLoaded(message, cause)),
      exit: (code) =>
        failLater(new SluiceError('load', `the worker exited (${code}) before attach()`)),
    });

    coming.catch(fail);

    /** @param {import('./space.js').Space} space @param {import('./protocol.js').Hello} hello */
    function welcome(space, hello) {
      if (over) return;
      const { lock } = hello;
      const internals = inside(space);
      const { hub, link, handle, thread, transport } = internals;
      // The worker's id, known before it runs: it may be terminated at any moment, and who had entered
      // the space without another's knowledge would be there for ever.
      const reserved =
        transport === 'shared'
          ? thread.exports.sluice_participant_reserve(thread.self) ||
            check(thread.status(), 'spawn()')
          : 0;
      const { port1, port2 } = new MessageChannel();
      const made = (proven = true) => {
        const life = { lock, proven, cause: failure?.cause };
        return makePeer(space, internals, worker, life, reserved, port1);
      };
      peer = made;
      port1.onmessage = ({ data }) => {
        if (data.op === 'room') {
          makeRoom();
          port1.postMessage(data);
        } else if (data.op === 'attached') {
          end();
          resolve(made(data.proven));
        }
      };
      const above = hub ?? link;
      const toCreator = above?.connect(lock, worker);
      const ports = typeof toCreator === 'object' ? [port2, toCreator] : [port2];
      const { participant } = thread;
      internals.up?.postMessage({ op: 'child', lock, participant: reserved });
      worker.postMessage(
        {
          sluice: 'welcome',
          handle,
          port: port2,
          link: toCreator,
          participant,
          reserved,
        },
        ports,
      );
    }

    /** @param {SluiceError} cause */
    const tooLate = (cause) =>
      new SluiceError(
        'load',
        peer
          ? `the worker did not finish attach() within ${timeout} ms`
          : `the worker did not call attach() within ${timeout} ms, or there was no space yet: its script does not import it, awaits something else first, or did not load (see the console)`,
        { cause },
      );
  });
}

/** @param {string} message @param {unknown} cause */
export function notLoaded(message, cause) {
  const text = message
    ? `the worker's script failed: ${message}`
    : "the worker's script did not load: it is missing (404), has a syntax error or the wrong MIME type, is blocked by the CSP's worker-src, or lacks Cross-Origin-Embedder-Policy in an isolated page";
  return new SluiceError('load', text, { cause });
}

/** @param {number} theirs */
const versions = (theirs) =>
  new SluiceError(
    'version',
    `the worker's copy of Sluice speaks protocol ${theirs}, this one ${PROTOCOL}: bundle one version`,
  );

/**
 * @param {import('./space.js').Space} space
 * @param {import('./internals.js').Internals} internals
 * @param {any} worker
 * @param {{lock: string, proven: boolean, cause: unknown}} life `proven`: by the lock; `cause`: what the worker did not
 *   catch so far: in Node that is its end, and ours where nobody listens
 * @param {number} participant the worker's; 0 on the message transport, where it has a space of its own
 * @param {MessagePort} port to the worker
 * @returns {Peer}
 */
function makePeer(space, internals, worker, { lock, proven, cause }, participant, port) {
  const { hub, link } = internals;
  const gone = new AbortController();
  const { signal } = gone;
  /** @type {Promise<SluiceError>} */
  const lost = new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
  /** The workers that it started itself, and those started by them.
   * @type {import('./protocol.js').Child[]} */
  const children = [];

  port.onmessage = ({ data }) => {
    if (data.op !== 'child') return;
    children.push(data);
    internals.up?.postMessage(data);
  };
  unref(port);

  const doorbell = ringsByMessage() ? internals.thread.doorbell : undefined;
  const dropNeighbour = doorbell?.addNeighbour(participant, () =>
    worker.postMessage({ sluice: 'bell' }),
  );

  async function die() {
    if (!alive().delete(lock)) return;
    // What it posted before it died may still be on its way.
    await turn();
    port.close();
    dropNeighbour?.();
    bury(internals, participant);
    // They die with it, and it cannot clean up after them any more.
    for (const child of children) watchOrphan(child.lock, () => bury(internals, child.participant));
    hub?.disconnect(lock);
    link?.disconnect(lock);
    stopListening();
    const error = new SluiceError(
      'peer-lost',
      'the worker has ended',
      cause === undefined ? {} : { cause },
    );
    gone.abort(error);
  }

  const stopListening = watchWorker(worker, {
    message:
      doorbell &&
      ((data) => {
        if (!handshake(data, 'bell')) return false;
        doorbell.answer();
        return true;
      }),
    error(_message, error) {
      cause = error;
    },
  });
  const watching = watchDeath(worker, proven && lock, die);
  alive().set(lock, worker);

  /** @type {Peer} */
  const peer = {
    worker,
    lost,
    async terminate() {
      worker.terminate();
      // Without Web Locks nothing tells, and there is no shared memory that it could still write.
      if (!watching) await die();
      await lost;
    },
    [ASYNC_DISPOSE]: () => peer.terminate(),
  };
  peers().set(peer, { worker, port, space, gone: signal });
  return peer;
}
