/**
 * Locks on the message transport, at the creator: permits, given in the order in which they are
 * asked for. A mutex has one, a reader takes one of an rwlock's and a writer all. A service of the
 * hub.
 *
 * @typedef {{
 *   op: 'acquire', id: number, object: number, name: string, kind: 'mutex' | 'rwlock' | 'semaphore', permits: number,
 *   take: number, wait: boolean,
 * }} Acquire answered by {recovered} when it has them, and by undefined when it does not want to wait
 *   and they are not free. `id`: the client's own. `recovered`: whoever had all permits died, and
 *   nobody has had and released them since
 * @typedef {{op: 'arrive', id: number, object: number, name: string, parties: number}} Arrive at a barrier; answered by
 *   the place in which it arrived, from 0 on, when all have
 * @typedef {{op: 'cancel', id: number}} Cancel gives up what has not been answered
 * @typedef {{op: 'release', id: number}} Release of what was acquired by that id
 * @typedef {{op: 'drop', object: number}} Drop the client has let go of the lock, but for its claims
 *
 * An `object` is what the client calls the lock that had this name when it first used it; the name may
 * stand for another by now. Posted: {object, removed: true}.
 */

import { SluiceError } from '../errors.js';
import { requireShape } from '../objects.js';

/**
 * @typedef {{id: number, from: import('./hub.js').From, take: number, give: (value: any) => void, fail: (error: Error) => void}} Claim
 * @typedef {{
 *   name: string, shape: string, permits: number, free: number, died: boolean, held: Set<Claim>, waiting: Set<Claim>,
 *   members: Set<import('./hub.js').From>,
 * }} Lock `members`: who has come to a barrier once; `died`: one of them, or who had all permits
 */

/** @typedef {{from: import('./hub.js').From, objects: Map<number, Lock>, known: Set<Lock>}} User a client */

/** @returns {import('./hub.js').Service} */
export function makeTurns() {
  /** @type {Map<string, Lock>} */
  const locks = new Map();
  /** @type {Set<User>} */
  const users = new Set();

  /** @param {User} user @param {Acquire | Arrive} message @param {string} shape @param {number} permits */
  function lockFor(user, { object, name }, shape, permits) {
    const lock = user.objects.get(object) ?? lockNamed(name, shape, permits);
    user.objects.set(object, lock);
    user.known.add(lock);
    return lock;
  }

  /** @param {string} name @param {string} shape @param {number} permits */
  function lockNamed(name, shape, permits) {
    const known = locks.get(name);
    if (known) {
      requireShape(name, shape, known.shape);
      return known;
    }
    /** @type {Lock} */
    const lock = {
      name,
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
    }
  }

  /** @param {Acquire} message @param {User} user */
  function acquire(message, user) {
    const { id, kind, permits, take, wait } = message;
    const { from } = user;
    const lock = lockFor(user, message, `${kind} of ${permits}`, permits);
    if (!wait && (lock.waiting.size > 0 || lock.free < take)) return undefined;
    return new Promise((give, fail) => {
      lock.waiting.add({ id, from, take, give, fail });
      serve(lock);
    });
  }

  /** @param {Arrive} message @param {User} user */
  function arrive(message, user) {
    const { id, name, parties } = message;
    const { from } = user;
    const lock = lockFor(user, message, `barrier for ${parties}`, parties);
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

  /** @param {Lock} lock @param {Claim} claim */
  function giveBack(lock, claim) {
    lock.held.delete(claim);
    lock.free += claim.take;
  }

  /**
   * Who only reads, or has one of several permits, leaves nothing half done, and mends nothing.
   *
   * @param {Lock} lock @param {Claim} claim
   */
  const isAlone = ({ permits }, { take }) => take === permits;

  /** @param {Set<Claim>} claims @param {User} user @param {number} id */
  const own = (claims, { from }, id) =>
    [...claims].find((one) => one.from === from && one.id === id);

  /** Forgets what the client has let go of and does not use any more. @param {User} user */
  function prune({ from, objects, known }) {
    const named = new Set(objects.values());
    /** @param {Claim} claim */
    const isOwn = (claim) => claim.from === from;
    for (const lock of known) {
      if (!named.has(lock) && ![...lock.held, ...lock.waiting].some(isOwn)) known.delete(lock);
    }
  }

  return {
    open(from) {
      /** @type {User} */
      const user = { from, objects: new Map(), known: new Set() };
      users.add(user);
      return {
        receive(message) {
          if (message.op === 'acquire') return acquire(message, user);
          if (message.op === 'arrive') return arrive(message, user);
          if (message.op === 'drop') user.objects.delete(message.object);
          for (const lock of user.known) {
            const waits = own(lock.waiting, user, message.id);
            const holds = own(lock.held, user, message.id);
            if (waits && message.op === 'cancel') {
              lock.waiting.delete(waits);
              waits.give(undefined);
            }
            // It may have got it while it gave it up: then it never heard of a death.
            if (holds) giveBack(lock, holds);
            if (holds && message.op === 'release' && isAlone(lock, holds)) lock.died = false;
            if (waits || holds) serve(lock);
          }
          if (user.known.size > user.objects.size) prune(user);
          return undefined;
        },

        end(code) {
          users.delete(user);
          for (const lock of user.known) {
            for (const claim of lock.waiting) if (claim.from === from) lock.waiting.delete(claim);
            for (const claim of lock.held) {
              if (claim.from !== from) continue;
              giveBack(lock, claim);
              lock.died ||= code === 'peer-lost' && isAlone(lock, claim);
            }
            if (lock.members.delete(from) && code === 'peer-lost') {
              lock.died = true;
              for (const claim of lock.waiting) claim.fail(broken(lock.name));
              lock.waiting.clear();
            } else serve(lock);
          }
        },
      };
    },

    remove(name) {
      const lock = locks.get(name);
      for (const { from, objects } of users) {
        for (const [object, used] of objects) {
          if (used === lock) from.post({ object, removed: true });
        }
      }
      return locks.delete(name);
    },
  };
}

/** @param {string} name */
const broken = (name) =>
  new SluiceError('peer-lost', `barrier "${name}": one of its threads has ended`);
