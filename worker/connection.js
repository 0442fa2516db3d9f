/**
 * One side of a connection: the calls made over a line and those run for the other side.
 *
 * @typedef {import('./line.js').Line & {
 *   readonly call: import('./caller.js').Caller['call'],
 *   readonly invoke: import('./caller.js').Caller['invoke'],
 *   readonly expect: import('./caller.js').Caller['expect'],
 *   readonly shared: import('./shared.js').Shared,
 * }} Connection
 */

import { makeCallbacks } from './callbacks.js';
import { makeCaller } from './caller.js';
import { makeLine } from './line.js';
import { makeRunner } from './runner.js';
import { makeShared } from './shared.js';

/**
 * @param {import('../loader/messages/own-port.js').Port} port
 * @param {import('./runner.js').Api} api what the other side may call
 * @param {() => import('../loader/space.js').Space | undefined} space that this thread has attached to
 * @param {(message: import('./protocol.js').Message) => void} onMessage hears of what is not about calls
 * @param {Worker | MessagePort | false} [proof] whose death is this connection's end; false: another
 *   tells
 * @returns {Connection}
 */
export function makeConnection(port, api, space, onMessage, proof) {
  const shared = makeShared();
  let caller = /** @type {import('./caller.js').Caller} */ (/** @type {unknown} */ (undefined));

  /** @param {import('./protocol.js').Post} post */
  function use(post) {
    const callbacks = makeCallbacks(post);
    caller = makeCaller(post, callbacks, shared);
    const runner = makeRunner(api, post, callbacks, shared, space);
    callbacks.bind(caller.call);
    return {
      /** @param {import('./protocol.js').Message} message */
      receive(message) {
        if (message.op === 'release') {
          callbacks.forget(message.callback);
          return;
        }
        onMessage(message);
        caller.receive(message);
        runner.receive(message);
      },
      /** @param {Error} error */
      end(error) {
        caller.end(error);
        runner.end(error);
        shared.end();
      },
    };
  }

  const line = makeLine(port, use, proof);
  const { call, invoke, expect } = caller;
  return Object.assign(line, { call, invoke, expect, shared });
}
