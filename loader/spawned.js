/** A spawned worker's way into the space of the thread that started it. */

import { keepAlive, losesWakeUps, parent, portsTell, ringsByMessage, unref } from '#platform';
import { common } from './common.js';
import { life } from './death.js';
import { makeDoorbell } from './doorbell.js';
import { hasCode, SluiceError } from './errors.js';
import { inside } from './internals.js';
import { ownPort } from './messages/own-port.js';
import { handshake, PROTOCOL } from './protocol.js';
import { makeSpace } from './space.js';
import { enter } from './thread.js';
import { toPlain } from './to-plain.js';
import { limit, watch } from './wait.js';

const DEADLINE = 10_000;

/** @typedef {import('./messages/own-port.js').Port} Port */

/**
 * Of a spawned worker: `connects` came before somebody listened, `connected`; `space`, the spawner's:
 * one a worker, however often it is asked for.
 *
 * @typedef {{
 *   connects: Port[], connected?: (port: Port) => void,
 *   space?: Promise<import('./space.js').Space>,
 * }} Spawned
 */
const spawned = /* @__PURE__ */ common('spawned', () => /** @type {Spawned} */ ({ connects: [] }));

/** Hears of ports by which others connect to this worker. @param {(port: Port) => void} listener */
export function onConnect(listener) {
  spawned().connected = listener;
  for (const port of spawned().connects.splice(0)) listener(port);
}

/** @param {Port} port */
function connect(port) {
  const { connected, connects } = spawned();
  if (connected) connected(port);
  else connects.push(port);
}

/**
 * The spawner's space, in this worker.
 *
 * @param {import('./wait.js').Wait & {imports?: WebAssembly.Imports}} options
 * @param {typeof import('./messages/follow.js').followByMessages} follow where it is on that transport
 * @returns {Promise<import('./space.js').Space>}
 */
export function attachToSpawner(options, follow) {
  const mine = spawned();
  mine.space ??= enterSpawners(options, follow).catch((error) => {
    mine.space = undefined; // may be tried again
    throw error;
  });
  return mine.space;
}

/**
 * @param {import('./wait.js').Wait & {imports?: WebAssembly.Imports}} options
 * @param {typeof import('./messages/follow.js').followByMessages} follow
 */
async function enterSpawners(options, follow) {
  // Before anybody else who listens when attach() has been called: bells are for nobody else.
  const rung = ringsByMessage() ? hearBells() : undefined;
  const { handle, port, link, participant, reserved } = await askSpawner(options);
  const spawner = /** @type {import('./platform.web.js').Parent} */ (parent());
  const toCreator = link === 'own' ? ownPort(spawner, 'link') : link;
  if (!portsTell()) hearLines(spawner);
  try {
    const tryToEnter = async () =>
      enter(handle, options.imports, undefined, proof(handle), reserved);
    const thread = await tryToEnter().catch(async (error) => {
      if (error.code !== 'no-memory') throw error;
      await room(port);
      return tryToEnter();
    });
    if (losesWakeUps() && handle.memory) thread.doorbell = makeDoorbell(thread);
    const space = makeSpace(handle, thread, false, toCreator && follow(toCreator));
    inside(space).up = port;
    rung?.(thread.doorbell, participant);
    port.onmessage = ({ data }) => {
      if (data.op === 'connect') connect(data.port);
    };
    unref(port);
    port.postMessage({ op: 'attached', proven: await life().held });
    return space;
  } catch (error) {
    // By the way that the script's own error takes, where it is not caught: in Firefox a port is slower.
    spawner.postMessage({ sluice: 'failed', error: toPlain(error) });
    throw error;
  }
}

/** Memory is not shared with a thread whose death nothing proves. @param {import('./protocol.js').HandleData} handle */
async function proof({ memory }) {
  if (!(await life().held) && memory) {
    throw new SluiceError(
      'not-isolated',
      'Web Locks are forbidden here: allow cookies, use no data: URL',
    );
  }
}

/** The spawner connects by the port that both have. @param {import('./platform.web.js').Parent} spawner */
function hearLines(spawner) {
  spawner.listen((data) => {
    const line = handshake(data, 'line');
    if (line) connect(ownPort(spawner, line.of));
    return line;
  });
}

/** The spawner has collected its garbage. @param {MessagePort} port to it @returns {Promise<unknown>} */
const room = (port) =>
  new Promise((resolve) => {
    port.onmessage = resolve;
    port.postMessage({ op: 'room' });
  });

/**
 * This worker and the thread that started it ring each other (doorbell.js), from when the function
 * that it returns is called.
 */
function hearBells() {
  /** @type {import('./doorbell.js').Doorbell | undefined} */
  let own;
  const spawner = parent();
  spawner?.listen((data) => {
    if (!handshake(data, 'bell')) return false;
    own?.answer();
    return true;
  });
  /** @param {typeof own} doorbell @param {number} participant the spawner's */
  return (doorbell, participant) => {
    own = doorbell;
    doorbell?.addNeighbour(participant, () => spawner?.postMessage({ sluice: 'bell' }));
  };
}

/**
 * @param {import('./wait.js').Wait} options
 * @returns {Promise<{handle: import('./protocol.js').HandleData, port: MessagePort, link?: MessagePort | 'own', participant: number, reserved?: number}>}
 */
function askSpawner(options) {
  const spawner = parent();
  if (!spawner) {
    throw new SluiceError(
      'load',
      'attach() without a handle works in a worker that spawn() started; here, pass a handle',
    );
  }
  const timeout = limit(options.timeout ?? DEADLINE);
  return new Promise((resolve, reject) => {
    const letGo = keepAlive();
    const end = () => {
      stopListening();
      stopWaiting();
      letGo();
    };
    const stopListening = spawner.listen((data) => {
      const welcome = handshake(data, 'welcome');
      if (!welcome) return;
      end();
      resolve(welcome);
    });
    const stopWaiting = watch({ signal: options.signal, timeout }, 'attach()', (reason) => {
      end();
      reject(hasCode(reason, 'timeout') ? unanswered(timeout, reason) : reason);
    });
    spawner.postMessage({ sluice: 'hello', version: PROTOCOL, lock: life().lock });
  });
}

/** @param {number} timeout @param {unknown} cause */
const unanswered = (timeout, cause) =>
  new SluiceError(
    'load',
    `no answer from the thread that started this worker within ${timeout} ms: start it with spawn()`,
    { cause },
  );
