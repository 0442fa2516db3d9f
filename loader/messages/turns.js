/**
 * Locks on the message transport, at the creator: permits, given in the order in which they are
 * asked for. A mutex has one, a reader takes one of an rwlock's and a writer all. A service of the
 * hub.
 *
 * @typedef {{
 *   op: 'acquire', id: number, name: string, kind: 'mutex' | 'rwlock' | 'semaphore', permits: number,
 *   take: number, wait: boolean,
 * }} Acquire answered by {recovered} when it has them, and by undefined when it does not want to wait
 *   and they are not free. `id`: the client's own. `recovered`: whoever had all permits before died
 * @typedef {{op: 'arrive', id: number, name: string, parties: number}} Arrive at a barrier; answered by
 *   the place in which it arrived, from 0 on, when all have
 * @typedef {{op: 'cancel', id: number}} Cancel gives up what has not been answered
 * @typedef {{op: 'release', id: number}} Release of what was acquired by that id
 */

import { SluiceError } from '../errors.js';

/**
 * @typedef {{id: number, from: import('./hub.js').From, take: number, give: (value: any) => void, fail: (error: Error) => void}} Claim
 * @typedef {{
 *   shape: string, permits: number, free: number, died: boolean, held: Set<Claim>, waiting: Set<Claim>,
 *   members: Set<import('./hub.js').From>,
 * }} Lock `members`: who has come to a barrier once; `died`: one of them, or who had all permits
 */

/** @returns {import('./hub.js').Service} */
export function makeTurns() {
  /** @type {Map<string, Lock>} */
  const locks = new Map();

  /** @param {string} name @param {string} shape @param {number} permits */
  function lockFor(name, shape, permits) {
    const known = locks.get(name);
    if (known) {
      if (known.shape !== shape) throw mismatch(name, shape, known.shape);
      return known;
    }
    /** @type {Lock} */
    const lock = {
      shape,
      permits,
      free: permits,
      died: false,
      held: new Set(),
      waiting: new Set(),
      members: new Set(),
    };
    locks.set(name, lock);
    return lock;
  }

  /** Whose turn it is, they have. @param {Lock} lock */
  function serve(lock) {
    for (const claim of lock.waiting) {
      if (lock.free < claim.take) return;
      lock.free -= claim.take;
      lock.waiting.delete(claim);
      lock.held.add(claim);
      claim.give({ recovered: lock.died });
      lock.died = false;
    }
  }

  /** @param {Acquire} message @param {import('./hub.js').From} from */
  function acquire({ id, name, kind, permits, take, wait }, from) {
    const lock = lockFor(name, `${kind} of ${permits}`, permits);
    if (!wait && (lock.waiting.size > 0 || lock.free < take)) return undefined;
    return new Promise((give, fail) => {
      lock.waiting.add({ id, from, take, give, fail });
      serve(lock);
    });
  }

  /** @param {Arrive} message @param {import('./hub.js').From} from */
  function arrive({ id, name, parties }, from) {
    const lock = lockFor(name, `barrier for ${parties}`, parties);
    if (lock.died) throw broken(name);
    lock.members.add(from);
    return new Promise((give, fail) => {
      // More than there are permits: only the last arrival serves it.
      lock.waiting.add({ id, from, take: Infinity, give, fail });
      if (lock.waiting.size < parties) return;
      let place = 0;
      for (const claim of lock.waiting) claim.give(place++);
      lock.waiting.clear();
    });
  }

  /** @param {Lock} lock @param {Claim} claim @param {boolean} died */
  function giveBack(lock, claim, died) {
    lock.held.delete(claim);
    lock.free += claim.take;
    // Whoever only reads, or has one of several permits, leaves nothing half done.
    lock.died ||= died && claim.take === lock.permits;
  }

  return (from) => {
    /** @param {Set<Claim>} claims @param {number} id */
    const own = (claims, id) => [...claims].find((one) => one.from === from && one.id === id);
    return {
      receive(message) {
        if (message.op === 'acquire') return acquire(message, from);
        if (message.op === 'arrive') return arrive(message, from);
        for (const lock of locks.values()) {
          const waits = own(lock.waiting, message.id);
          const holds = own(lock.held, message.id);
          if (waits && message.op === 'cancel') {
            lock.waiting.delete(waits);
            waits.give(undefined);
          }
          // It may have got it while it gave it up.
          if (holds) giveBack(lock, holds, false);
          if (waits || holds) serve(lock);
        }
        return undefined;
      },

      end(code) {
        for (const [name, lock] of locks) {
          for (const claim of lock.waiting) if (claim.from === from) lock.waiting.delete(claim);
          for (const claim of lock.held) {
            if (claim.from === from) giveBack(lock, claim, code === 'peer-lost');
          }
          if (lock.members.delete(from) && code === 'peer-lost') {
            lock.died = true;
            for (const claim of lock.waiting) claim.fail(broken(name));
            lock.waiting.clear();
          } else serve(lock);
        }
      },
    };
  };
}

/** @param {string} name */
const broken = (name) =>
  new SluiceError('peer-lost', `barrier "${name}": one of its threads has ended`);

/** @param {string} name @param {string} wanted @param {string} there */
const mismatch = (name, wanted, there) =>
  new SluiceError(
    'mismatch',
    `"${name}" exists as ${there}, but was opened as ${wanted}: use the same options in every thread`,
  );
