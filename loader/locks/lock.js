/**
 * Locks that one asks for in three ways: by a promise, blocking, or without waiting.
 *
 * @typedef {{
 *   readonly recovered: boolean, release(): void, [Symbol.dispose](): void,
 * }} Held `recovered`: the last owner died holding it, and what it guards may be half done
 *
 * @typedef {{
 *   lock(wait?: import('../wait.js').Wait): Promise<Held>,
 *   tryLock(): Promise<Held | undefined>,
 *   lockSync(wait?: import('../wait.js').WaitSync): Held,
 *   tryLockSync(): Held | undefined,
 * }} Lock
 *
 * @typedef {{
 *   take(woken: boolean): number,
 *   sleep(): Promise<void> | undefined,
 *   block(ns: bigint): number,
 *   give(taken: number): void, giveUp(): void,
 * }} Way how the core does it. `take` gives a status, BUSY when it is not free, 0 or more when it is
 *   taken; `woken`: it has slept since it first tried. `sleep`: until it may be free, undefined to try
 *   again at once; `giveUp`: who has slept does not want it any more. `block` is as take, and sleeps
 */

import { makeQueue, NOT_YET } from '../channels/queue.js';
import { nextId } from '../common.js';
import { DISPOSE } from '../dispose.js';
import { SluiceError, statusError } from '../errors.js';
import { follow, leave, requireNamed } from '../objects.js';
import * as Status from '../status.js';
import { blockUntil, requireShared } from '../sync.js';
import { requireWait, watchOpen } from '../wait.js';

/** What the core answers to a taker whose predecessor died. */
const OWNER_DIED = 1;

/**
 * It ends with the space, too: who leaves holds nothing.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {boolean} recovered
 * @param {() => void} giveBack
 * @returns {Held}
 */
function makeHeld({ ends }, recovered, giveBack) {
  const release = () => {
    if (ends.delete(end)) giveBack();
  };
  const end = { close: release };
  ends.add(end);
  return { recovered, release, [DISPOSE]: release };
}

/**
 * Over shared memory: those of this thread queue here, threads queue in the core.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {Way} way
 * @param {string} what
 * @param {boolean} [counts] what `take` gives is a number of its own, and not a status
 * @returns {Lock}
 */
export function sharedLock(internals, entry, way, what, counts = false) {
  const { thread } = internals;
  let slept = false;
  const queue = makeQueue({ sleep }, what);

  function sleep() {
    const asleep = way.sleep();
    slept ||= asleep !== undefined;
    return asleep;
  }

  /** @param {number} taken */
  function hold(taken) {
    entry.users++;
    return makeHeld(internals, !counts && taken === OWNER_DIED, () => {
      way.give(taken);
      leave(thread, entry);
    });
  }

  /** @returns {Held | typeof NOT_YET} */
  function attempt() {
    const taken = way.take(slept);
    if (taken === Status.BUSY) return NOT_YET;
    if (taken < 0) throw statusError(taken, what);
    slept = false;
    return hold(taken);
  }

  /** @returns {Held | undefined} */
  function attemptOnce() {
    requireNamed(entry, what);
    const held = queue.items.length === 0 ? attempt() : NOT_YET;
    return held === NOT_YET ? undefined : held;
  }

  return {
    async lock(wait) {
      requireWait(wait);
      const held = attemptOnce();
      if (held) return held;
      entry.users++;
      const stop = watchOpen(internals, undefined, what, queue.clear);
      try {
        return await queue.add(attempt, wait);
      } catch (error) {
        if (queue.items.length === 0 && slept) {
          slept = false;
          way.giveUp();
        }
        throw error;
      } finally {
        stop();
        leave(thread, entry);
      }
    },

    tryLock: async () => attemptOnce(),

    lockSync(wait) {
      requireNamed(entry, what);
      let taken = /** @type {number} */ (Status.AGAIN);
      const done = () => {
        if (taken < 0) taken = way.take(false);
        if (taken < 0 && taken !== Status.BUSY) throw statusError(taken, what);
        return taken >= 0;
      };
      const block = (/** @type {bigint} */ ns) => {
        taken = way.block(ns);
        if (taken === Status.BUSY) throw ownDeadlock(what);
        return taken;
      };
      blockUntil('shared', block, done, wait, what);
      return hold(taken);
    },

    tryLockSync: attemptOnce,
  };
}

/** @param {string} what */
const ownDeadlock = (what) =>
  new SluiceError(
    'mismatch',
    `${what}: this thread has it already, and would wait for itself: release it first`,
  );

/**
 * Over messages: the creator gives it in turn.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {{name: string, kind: 'mutex' | 'rwlock' | 'semaphore', permits: number, take: number}} request
 * @param {string} what
 * @returns {Lock}
 */
export function messageLock(internals, entry, request, what) {
  const client = follow(internals, entry, 'lock');

  /** @param {number} id @param {{recovered: boolean} | undefined} answer */
  function hold(id, answer) {
    if (!answer) return undefined;
    // A permit guards nothing, even if it is the only one.
    const recovered = answer.recovered && request.kind !== 'semaphore';
    return makeHeld(internals, recovered, () => client.post('lock', { op: 'release', id }));
  }

  /** @param {number} id @param {boolean} wait */
  async function ask(id, wait) {
    requireNamed(entry, what);
    const message = { op: 'acquire', id, object: entry.id, ...request, wait };
    return hold(id, await client.request('lock', message));
  }

  const sync = () => {
    requireShared('message', what);
    return /** @type {never} */ (undefined);
  };

  return {
    lock(wait) {
      const id = nextId();
      return new Promise((resolve, reject) => {
        requireWait(wait);
        const stop = watchOpen(internals, wait, what, (reason) => {
          client.post('lock', { op: 'cancel', id });
          reject(reason);
        });
        ask(id, true)
          .then((held) => resolve(/** @type {Held} */ (held)), reject)
          .finally(stop);
      });
    },
    tryLock: () => ask(nextId(), false),
    lockSync: sync,
    tryLockSync: sync,
  };
}
