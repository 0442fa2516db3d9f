/**
 * One side of a connection: a port, the calls made over it and those run for the other side.
 *
 * @typedef {{
 *   readonly call: import('./caller.js').Caller['call'],
 *   readonly invoke: import('./caller.js').Caller['invoke'],
 *   readonly expect: import('./caller.js').Caller['expect'],
 *   readonly post: import('./protocol.js').Post,
 *   readonly shared: import('./shared.js').Shared,
 *   readonly ended: Error | undefined,
 *   end(error: Error): void,
 *   onEnd(listener: (error: Error) => void): void,
 *   endWith(space: import('../loader/space.js').Space): void,
 * }} Connection `endWith`: it ends when this thread closes the space
 */

import { proveLife, turn, unref, watchDeath } from '#platform';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { random } from '../loader/random.js';
import { makeCallbacks } from './callbacks.js';
import { makeCaller } from './caller.js';
import { makeRunner } from './runner.js';
import { makeShared } from './shared.js';

/** The lock that this thread holds. @type {Promise<string> | undefined} */
let life;

async function live() {
  const lock = `sluice-${random()}`;
  await proveLife(lock);
  return lock;
}

/**
 * @param {MessagePort} port
 * @param {import('./runner.js').Api} api what the other side may call
 * @param {() => import('../loader/space.js').Space | undefined} space that this thread has attached to
 * @param {(message: import('./protocol.js').Message) => void} onMessage hears of what is not about calls
 * @param {Worker | MessagePort | false} [proof] whose death is this connection's end; false: another
 *   tells
 * @returns {Connection}
 */
export function makeConnection(port, api, space, onMessage, proof = port) {
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
  const caller = makeCaller(post, callbacks, shared);
  const runner = makeRunner(api, post, callbacks, shared, space);
  callbacks.bind(caller.call);

  /** @param {Error} error */
  function end(error) {
    if (ended) return;
    post({ op: 'bye' });
    ended = error;
    caller.end(error);
    runner.end(error);
    shared.end();
    port.close();
    for (const listener of listeners) listener(error);
  }

  /** What it posted before it died may still be on its way. */
  const die = () => turn().then(() => end(gone()));

  /** @param {MessageEvent} event */
  const receive = ({ data }) => {
    const message = /** @type {import('./protocol.js').Message} */ (data);
    if (ended) return;
    if (message.op === 'release') callbacks.forget(message.callback);
    else if (message.op === 'bye') end(new SluiceError('closed', 'the other side closed'));
    else {
      if (message.op === 'alive' && proof) {
        const stop = watchDeath(/** @type {Worker} */ (proof), message.lock, die);
        if (stop) listeners.push(stop);
      }
      onMessage(message);
      caller.receive(message);
      runner.receive(message);
    }
  };
  port.addEventListener('messageerror', () =>
    end(new SluiceError('clone', 'a message could not be read in this thread')),
  );
  // Where ports tell that their other side is gone (Node, Chromium).
  port.addEventListener('close', die);
  // Nothing is answered before the other side can see this thread die.
  life ??= live();
  life.then((lock) => {
    post({ op: 'alive', lock });
    port.onmessage = receive;
    unref(port);
  });

  return {
    call: caller.call,
    invoke: caller.invoke,
    expect: caller.expect,
    post,
    shared,
    end,
    onEnd: (listener) => listeners.push(listener),
    endWith(space) {
      const { watchers } = inside(space);
      const watcher = { close: () => end(new SluiceError('closed', 'the space was closed')) };
      watchers.add(watcher);
      listeners.push(() => watchers.delete(watcher));
    },
    get ended() {
      return ended;
    },
  };
}

export const gone = () => new SluiceError('peer-lost', 'the thread that ran this call has ended');
