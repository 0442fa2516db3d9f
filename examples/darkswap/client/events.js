/**
 * Who listens. A listener that throws harms neither the others nor the client: what it threw is told
 * to the console, in a turn of its own.
 *
 * @typedef {import('./types.js').ClientEvent} ClientEvent
 * @typedef {(event: ClientEvent) => void} Listener
 */

import { DarkSwapError } from './errors.js';

export function makeListeners() {
  /** @type {Set<Listener>} */
  const listeners = new Set();

  return {
    /** @param {Listener} listener the same one twice hears once */
    add(listener) {
      if (typeof listener !== 'function') {
        throw new DarkSwapError(
          'EVENT_SUBSCRIPTION_FAILED',
          'addEventListener() takes a function of one event: its `type` says which',
        );
      }
      listeners.add(listener);
    },

    /** @param {Listener} listener */
    remove(listener) {
      listeners.delete(listener);
    },

    /** @param {ClientEvent} event */
    tell(event) {
      for (const listener of [...listeners]) {
        try {
          // An async one may fail later.
          Promise.resolve(listener(event)).catch((error) => report(event, error));
        } catch (error) {
          report(event, error);
        }
      }
    },
  };
}

/** @param {ClientEvent} event @param {unknown} error */
function report({ type }, error) {
  console.error(`A listener of DarkSwap threw on '${type}':`, error);
}
