/** How a worker hears of those who connect to it. */

import { parent } from '#platform';
import { handshake } from '../loader/protocol.js';
import { onConnect } from '../loader/spawned.js';

/** Does this worker serve whoever has its Worker object? */
let serves = false;
/** The space that this worker was spawned on, once it is attached.
 * @type {import('../loader/space.js').Space | undefined} */
export let spawners;

/**
 * @param {(port: import('../loader/messages/own-port.js').Port) => void} accept
 * @param {() => Promise<import('../loader/space.js').Space>} attach
 */
export function serveParent(accept, attach) {
  const started = parent();
  if (!started) {
    throw new TypeError('serve() without a port works in a worker: here, give it a port');
  }
  if (serves)
    throw new TypeError('serve() was called before in this worker: serve all in one object');
  serves = true;
  started.listen((data) => {
    const connect = handshake(data, 'connect');
    if (connect) accept(connect.port);
    else if (handshake(data, 'probe')) started.postMessage({ sluice: 'serving' });
  });
  started.postMessage({ sluice: 'serving' });
  onConnect(accept);
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
