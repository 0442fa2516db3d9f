/** Calls the page, and blocks until it has answered. */

import { callMany } from '../peers/blocking-run.js';
import { parentPort } from '../post.js';
import { callSync, connect } from '../sdk.js';

/** @type {(name: 'twice' | 'late', argument: number) => number} */
let call;

export const blockingRoles = {
  /** @param {unknown} _space @param {Int32Array} words the answer is there, and the answer */
  blockByHand(_space, words) {
    const port = parentPort();
    call = (name, argument) => {
      Atomics.store(words, 0, 0);
      port.postMessage({ ask: [name, argument] });
      while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0);
      return words[1];
    };
  },

  /** @param {import('sluice').Space} space @param {MessagePort} port */
  blockInSpace(space, port) {
    const remote = /** @type {any} */ (connect(port, { space }));
    call = (name, argument) => Number(callSync(remote, name, [argument]));
  },

  /** @param {unknown} _space @param {number} count */
  blockRun: (_space, count) => callMany((n) => call('twice', n), count),

  /** @param {unknown} _space @param {number} ms */
  blockWait: (_space, ms) => call('late', ms),
};
