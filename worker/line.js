/**
 * A port, and the life of the thread at its other end.
 *
 * @typedef {{
 *   readonly post: import('./protocol.js').Post,
 *   ended(): Error | undefined,
 *   end(error: Error): void,
 *   onEnd(listener: (error: Error) => void): void,
 *   endWith(space: import('../loader/space.js').Space): void,
 * }} Line `endWith`: it ends when this thread closes the space
 * @typedef {{receive(message: import('./protocol.js').Message): void, end(error: Error): void}} User
 */

import { turn, unref, watchDeath } from '#platform';
import { life } from '../loader/death.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';

/**
 * @param {import('../loader/messages/own-port.js').Port} port
 * @param {(post: import('./protocol.js').Post) => User} use
 * @param {Worker | import('../loader/messages/own-port.js').Port | false} [proof] whose death is the line's end; false: another tells
 * @returns {Line}
 */
export function makeLine(port, use, proof = port) {
  /** @type {Error | undefined} */
  let ended;
  /** @type {((error: Error) => void)[]} */
  const listeners = [];
  /** @type {import('./protocol.js').Post} */
  const post = (message, transfer = []) => {
    if (!ended) port.postMessage(message, transfer);
  };
  const user = use(post);

  /** @param {Error} error */
  function end(error) {
    if (ended) return;
    post({ op: 'bye' });
    ended = error;
    user.end(error);
    port.close();
    for (const listener of listeners) listener(error);
  }

  /** What it posted before it died may still be on its way. */
  const die = () => turn().then(() => end(gone()));

  /** @param {MessageEvent} event */
  const receive = ({ data }) => {
    const message = /** @type {import('./protocol.js').Message} */ (data);
    if (ended) return;
    if (message.op === 'bye') {
      end(new SluiceError('closed', 'the other side closed'));
      return;
    }
    // A lock of another origin is another one, by whatever name.
    if (message.op === 'alive' && proof && message.origin === globalThis.origin) {
      const stop = watchDeath(/** @type {Worker} */ (proof), message.lock, die);
      if (stop) listeners.push(stop);
    }
    user.receive(message);
  };
  port.addEventListener('messageerror', () =>
    end(new SluiceError('clone', 'a message could not be read in this thread')),
  );
  // Where ports tell that their other side is gone (Node, Chromium).
  port.addEventListener('close', die);
  // Nothing is answered before the other side can see this thread die.
  const { lock, held } = life();
  held.then((proven) => {
    post({ op: 'alive', lock: proven && lock, origin: globalThis.origin });
    port.onmessage = receive;
    unref(port);
  });

  return {
    post,
    end,
    onEnd: (listener) => listeners.push(listener),
    endWith(space) {
      const { watchers } = inside(space);
      const watcher = { close: () => end(new SluiceError('closed', 'the space was closed')) };
      watchers.add(watcher);
      listeners.push(() => watchers.delete(watcher));
    },
    ended: () => ended,
  };
}

export const gone = () => new SluiceError('peer-lost', 'the thread that ran this call has ended');
