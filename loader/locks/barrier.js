/** A point that nobody passes until all have come. */

import { keepAlive } from '#platform';
import { sleepOn } from '../bell.js';
import { nextId } from '../common.js';
import { SluiceError, statusError } from '../errors.js';
import { inside } from '../internals.js';
import * as layout from '../layout.js';
import { follow, leave, objectFor, openNamed, requireNamed } from '../objects.js';
import { requireNumber } from '../options.js';
import * as Status from '../status.js';
import { blockUntil, requireBlocking } from '../sync.js';
import { requireWait, watchOpen } from '../wait.js';

/**
 * @typedef {{
 *   wait(wait?: import('../wait.js').Wait): Promise<number>,
 *   waitSync(wait?: import('../wait.js').WaitSync): number,
 * }} Barrier both give how many were still missing when this thread came: 0 for the last. Who gives up
 *   has not come. When a thread that has come once dies, all who wait get "peer-lost".
 */

/** Threads that a space has room for. */
const MOST = 47;

/**
 * The barrier `name`, opened or made, for as many threads; each comes once a round.
 *
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @param {number} parties 1 to 47
 * @returns {Barrier}
 */
export function barrier(space, name, parties) {
  const internals = inside(space);
  const { client } = internals;
  requireNumber('parties', parties, 1, MOST);
  const shape = `a barrier for ${parties}`;
  return objectFor(internals, name, shape, (entry) =>
    (client ? messageBarrier : sharedBarrier)(internals, entry, parties),
  );
}

/** @param {string} name */
const twice = (name) =>
  new SluiceError('mismatch', `barrier "${name}": this thread has come already and waits there`);

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {number} parties
 * @returns {Barrier}
 */
function sharedBarrier(internals, entry, parties) {
  const { thread } = internals;
  const { exports, participant } = thread;
  const { name } = entry;
  const what = `barrier "${name}"`;
  const at = openNamed(thread, entry, layout.BARRIER_BYTES, exports.sluice_barrier_open, parties);

  /** @param {number} status */
  function check(status) {
    if (status === Status.BUSY) throw twice(name);
    if (status < 0) throw statusError(status, what);
    return status;
  }

  /** @param {number} ticket @param {() => boolean} isOver @returns {Promise<number>} */
  async function passed(ticket, isOver) {
    for (;;) {
      const missing = exports.sluice_barrier_poll(at, ticket);
      if (missing !== Status.BUSY || isOver()) return missing;
      const value = exports.sluice_barrier_sleep(at, ticket);
      await sleepOn(thread, at + layout.BARRIER_PASSED, value);
    }
  }

  return {
    async wait(wait) {
      requireWait(wait);
      requireNamed(entry, what);
      const ticket = check(exports.sluice_barrier_arrive(at, participant));
      let over = false;
      const letGo = keepAlive();
      entry.users++;
      /** @type {Promise<number>} */
      const result = new Promise((resolve, reject) => {
        const stop = watchOpen(internals, wait, what, (reason) => {
          const late = exports.sluice_barrier_withdraw(at, participant, ticket);
          over = true;
          // The round was over already, but nobody had looked.
          if (late > 0) resolve(late);
          else reject(reason);
        });
        passed(ticket, () => over).then((missing) => {
          if (over) return;
          stop();
          if (missing < 0) reject(statusError(missing, what));
          else resolve(missing);
        });
      });
      return result.finally(() => {
        letGo();
        leave(thread, entry);
      });
    },

    waitSync(wait) {
      requireNamed(entry, what);
      let missing = /** @type {number} */ (Status.AGAIN);
      const sleep = (/** @type {bigint} */ ns) => {
        missing = exports.sluice_barrier_wait(at, participant, ns);
        return missing;
      };
      const done = () => {
        if (missing !== Status.AGAIN && missing !== Status.TIMEOUT) check(missing);
        return missing >= 0;
      };
      blockUntil('shared', sleep, done, wait, what);
      return missing;
    },
  };
}

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {number} parties
 * @returns {Barrier}
 */
function messageBarrier(internals, entry, parties) {
  const { id: object, name } = entry;
  const client = follow(internals, entry, 'lock');
  const what = `barrier "${name}"`;
  let waits = false;
  return {
    async wait(wait) {
      requireWait(wait);
      requireNamed(entry, what);
      if (waits) throw twice(name);
      waits = true;
      const id = nextId();
      try {
        return await new Promise((resolve, reject) => {
          /** @type {unknown} */
          let why;
          const stop = watchOpen(internals, wait, what, (reason) => {
            why = reason;
            client.post('lock', { op: 'cancel', id });
          });
          // Who gives up may have passed already: the creator says.
          client
            .request('lock', { op: 'arrive', id, object, name, parties })
            .then(
              (place) => (place === undefined ? reject(why) : resolve(parties - 1 - place)),
              reject,
            )
            .finally(stop);
        });
      } finally {
        waits = false;
      }
    },
    waitSync() {
      requireBlocking('message', what);
      return 0;
    },
  };
}
