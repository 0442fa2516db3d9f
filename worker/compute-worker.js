/**
 * The worker of a pool that was given none: it computes with the space's module, and does nothing
 * else. Over messages it has nothing to compute with, and only stays in touch with the creator.
 */

import { SluiceError } from '../loader/errors.js';
import { spaceOf } from '../loader/internals.js';
import { makeLink } from '../loader/messages/link.js';
import { attachToSpawner } from '../loader/spawned.js';
import { toPlain } from '../loader/to-plain.js';
import { PARALLEL } from './builtins.js';
import { runGrains } from './grains.js';
import { makeLine } from './line.js';
import { serveParent, spawners } from './serving.js';
import { makeTaker } from './taker.js';

/** @param {string | number} name @returns {Function} */
function served(name) {
  if (name === PARALLEL) return runGrains;
  throw new SluiceError(
    'mismatch',
    `no function "${name}" is served: the packaged worker only computes; give pool() a worker of your own`,
  );
}

/** What is to be said of a call goes by message. */
const codec = {
  /** @returns {number} */
  size() {
    throw new TypeError();
  },
  encode: () => 0,
};

/** @param {import('../loader/messages/own-port.js').Port} port */
function accept(port) {
  /** @type {import('../loader/space.js').Space | undefined} */
  let theirs;
  /** @type {import('./taker.js').Taker | undefined} */
  let taker;
  const context = () => /** @type {any} */ ({ space: theirs ?? spawners });

  /** @type {(post: import('./protocol.js').Post) => import('./line.js').User} */
  const use = (post) => {
    /** @param {number} id @param {import('./runner.js').Outcome} outcome */
    async function tell(id, outcome) {
      if ('error' in outcome) post({ op: 'failed', id, error: outcome.error });
      else post({ op: 'result', id, value: undefined });
    }

    /** @param {import('./protocol.js').Invoke} call */
    function run({ id, name, args }) {
      try {
        served(name).apply(context(), args);
        tell(id, { value: undefined });
      } catch (error) {
        tell(id, { error: toPlain(error) });
      }
    }

    return {
      receive(message) {
        if (message.op === 'hello') {
          theirs = message.space === undefined ? undefined : spaceOf(message.space);
          if (theirs) line.endWith(theirs);
        } else if (message.op === 'call') {
          run(message);
          if (message.queued) taker?.over();
        } else if (message.op === 'skip') taker?.over();
        else if (message.op === 'wake') taker?.wake();
        else if (message.op === 'queue' && !taker) {
          const { space } = context();
          if (!space) return;
          taker = makeTaker(space, message.place, post, {
            served,
            context,
            plain: toPlain,
            isPlain: () => true,
            codec,
            move: (id, _name, _call, outcome) => tell(id, outcome),
          });
          taker?.wake();
        }
      },
      end() {
        taker?.end();
      },
    };
  };
  // Who started this worker does not end before it.
  const line = makeLine(port, use, false);
}

/** @param {import('../loader/messages/own-port.js').Port} port */
const stayInTouch =
  (port) => (/** @type {import('../loader/internals.js').Internals} */ internals) => {
    const { thread } = internals;
    internals.link = makeLink(port, () => thread.exports.sluice_space_close(thread.self));
  };

serveParent(accept, () => attachToSpawner({}, stayInTouch));
