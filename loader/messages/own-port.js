/**
 * A way to a worker, or in it to the thread that started it, over the worker's own port, where the user's
 * messages are too, in place of a MessagePort: Firefox takes many times as long to get large messages over a
 * MessagePort, and WebKit to wake its other side (docs/engines.md).
 *
 * @typedef {{
 *   postMessage(data: any, transfer?: Transferable[]): void,
 *   set onmessage(listener: ((event: any) => void) | null),
 *   addEventListener(type: 'close' | 'messageerror', listener: () => void): void,
 *   close(): void,
 * }} Port what is used here of a MessagePort
 */

import { watchWorker } from '#platform';
import { handshake } from '../protocol.js';

/** The other thread, seen from the one that started it. @param {Worker} worker @returns {import('../platform.web.js').Parent} */
export const below = (worker) => ({
  postMessage: (message, transfer = []) => worker.postMessage(message, transfer),
  listen: (message, unreadable) => watchWorker(worker, { message, unreadable }),
});

/**
 * @param {import('../platform.web.js').Parent} other
 * @param {string | number} of both sides give the same, and no other port of theirs has it
 * @returns {Port}
 */
export function ownPort({ postMessage, listen }, of) {
  /** What came before somebody listened. @type {unknown[]} */
  const early = [];
  /** @type {((event: any) => void) | null} */
  let listener = null;
  /** @type {() => void} */
  let unreadable = () => {};
  let closed = false;
  const stop = listen(
    (data) => {
      const message = handshake(data, 'own');
      if (message?.of !== of) return false;
      if (listener) listener(message);
      else early.push(message);
      return true;
    },
    () => unreadable(), // whose it was nobody can tell
  );
  return {
    postMessage(data, transfer) {
      if (!closed) postMessage({ sluice: 'own', of, data }, transfer);
    },
    /** @param {((event: any) => void) | null} next */
    set onmessage(next) {
      listener = next;
      for (const message of early.splice(0)) next?.(message);
    },
    /** Such a port never tells that it was closed. */
    addEventListener(type, listener) {
      if (type === 'messageerror') unreadable = listener;
    },
    close() {
      closed = true;
      stop();
    },
  };
}
