/**
 * One side of a connection: a port, the calls made over it and those run for the other side.
 *
 * @typedef {{
 *   readonly call: import('./caller.js').Caller['call'],
 *   readonly invoke: import('./caller.js').Caller['invoke'],
 *   readonly post: import('./protocol.js').Post,
 *   readonly share: import('./shared.js').Shared['share'],
 *   readonly ended: Error | undefined,
 *   end(error: Error): void,
 *   onEnd(listener: (error: Error) => void): void,
 * }} Connection
 */

import { unref } from '#platform';
import { SluiceError } from '../loader/errors.js';
import { makeCallbacks } from './callbacks.js';
import { makeCaller } from './caller.js';
import { makeRunner } from './runner.js';
import { makeShared } from './shared.js';

/**
 * @param {MessagePort} port
 * @param {import('./runner.js').Api} api what the other side may call
 * @param {() => import('../loader/space.js').Space | undefined} space that this thread has attached to
 * @param {(message: import('./protocol.js').Message) => void} onMessage hears what is not about calls
 * @returns {Connection}
 */
export function makeConnection(port, api, space, onMessage) {
  const shared = makeShared();
  /** @type {Error | undefined} */
  let ended;
  /** @type {((error: Error) => void)[]} */
  const listeners = [];
  /** @type {import('./protocol.js').Post} */
  const post = (message, transfer = []) => {
    if (!ended) port.postMessage(message, transfer);
  };
  const callbacks = makeCallbacks(post);
  const caller = makeCaller(post, callbacks, shared.cancel);
  const runner = makeRunner(api, post, callbacks, shared, space);
  callbacks.bind(caller.call);

  /** @param {Error} error */
  function end(error) {
    if (ended) return;
    post({ op: 'bye' });
    ended = error;
    caller.end(error);
    runner.end(error);
    port.close();
    for (const listener of listeners) listener(error);
  }

  port.onmessage = ({ data }) => {
    const message = /** @type {import('./protocol.js').Message} */ (data);
    if (message.op === 'release') callbacks.forget(message.callback);
    else if (message.op === 'bye') end(new SluiceError('closed', 'the other side closed'));
    else {
      onMessage(message);
      caller.receive(message);
      runner.receive(message);
    }
  };
  port.addEventListener('messageerror', () =>
    end(new SluiceError('clone', 'a message could not be read in this thread')),
  );
  // Where ports tell that their other side is gone (Node, Chromium).
  port.addEventListener('close', () => end(gone()));
  unref(port);
  return {
    call: caller.call,
    invoke: caller.invoke,
    post,
    share: shared.share,
    end,
    onEnd: (listener) => listeners.push(listener),
    get ended() {
      return ended;
    },
  };
}

export const gone = () => new SluiceError('peer-lost', 'the thread that ran this call has ended');
