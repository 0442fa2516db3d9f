/**
 * What a worker does for those who connect to it.
 *
 * @typedef {import('./runner.js').Api} Api
 */

import { parent } from '#platform';
import { spaceOf } from '../loader/internals.js';
import { handshake } from '../loader/protocol.js';
import { onConnect } from '../loader/spawned.js';
import { makeConnection } from './connection.js';

/** What this worker serves to whoever has its Worker object. @type {Api | undefined} */
let own;
/** The space that this worker was spawned on, once it is attached.
 * @type {import('../loader/space.js').Space | undefined} */
let spawners;

/** @param {Api} api @param {() => Promise<import('../loader/space.js').Space>} attach */
export function serveParent(api, attach) {
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
    .then(attach)
    .then(
      (space) => {
        spawners = space;
      },
      () => {},
    );
}

/** @param {Api} api @param {MessagePort} port */
export function accept(api, port) {
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
