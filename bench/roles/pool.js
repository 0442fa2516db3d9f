/** Does nothing, and answers: a worker of a pool, and one that is driven by messages. */

import { parentPort } from '../post.js';
import { serve } from '../sdk.js';

/** @param {number} n */
const noop = (n) => n;

export const poolRoles = {
  /** What a hand-made pool does: an id, a name, arguments; an answer by id. */
  poolPlain() {
    const port = parentPort();
    /** @param {any} data */
    const answer = ({ task, name, args }) => {
      if (name === 'noop')
        port.postMessage({ task, value: noop(.../** @type {[number]} */ (args)) });
    };
    if ('on' in port) port.on('message', answer);
    else port.addEventListener('message', (/** @type {any} */ { data }) => answer(data));
  },
};

export const serveNoop = () => serve({ noop });
