/**
 * The serving side: functions of this thread for others to call. A worker file is
 * `serve({ resize, parse })`.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('./runner.js').Call} Call
 */

import { parent } from '#platform';
import { attach, onConnect } from '../loader/attach.js';
import { spaceOf } from '../loader/internals.js';
import { handshake } from '../loader/protocol.js';
import { makeConnection } from './connection.js';

/** What this worker serves to whoever has its Worker object. @type {Api | undefined} */
let own;
/** The space that this worker was spawned on, once it is attached.
 * @type {import('../loader/space.js').Space | undefined} */
let spawners;

/**
 * Lets other threads call the functions of `api`; inside them `this` is a {@link Call}. In a worker,
 * for whoever started it: it attaches to the space that it was spawned on, and stays on its event
 * loop. With a `port`, for whoever has its other end.
 *
 * @template {Api} A
 * @param {A & ThisType<Call>} api
 * @param {MessagePort} [port]
 * @returns {A}
 */
export function serve(api, port) {
  if (typeof api !== 'object' || api === null) {
    throw new TypeError('serve() takes an object of functions');
  }
  if (port) accept(api, port);
  else serveParent(api);
  return api;
}

/** @param {Api} api */
function serveParent(api) {
  const started = parent();
  if (!started) {
    throw new TypeError('serve() without a port works in a worker: here, give it a port');
  }
  if (own) throw new TypeError('serve() was called before in this worker: serve all in one object');
  own = api;
  started.listen((data) => {
    const connect = handshake(data, 'connect');
    if (connect) accept(api, connect.port);
    else if (handshake(data, 'probe')) started.postMessage({ sluice: 'serving' });
  });
  started.postMessage({ sluice: 'serving' });
  onConnect((port) => accept(api, port));
  // After the script's own attach(), if it has one; and nobody answers a worker that was not spawned.
  Promise.resolve()
    .then(() => attach())
    .then(
      (space) => {
        spawners = space;
      },
      () => {},
    );
}

/** @param {Api} api @param {MessagePort} port */
function accept(api, port) {
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
  );
}
