/**
 * A pool's workers: as many as there is work for, up to a size. One that dies is replaced when it is
 * needed, later and later where deaths follow each other; when one does not even start, no more are
 * tried.
 *
 * @typedef {{
 *   readonly peer: import('../loader/spawn.js').Peer,
 *   readonly connection: import('./connection.js').Connection,
 *   task: unknown, idleSince: number, dismissed: boolean,
 * }} Member `task`: what it does at the moment; `dismissed`: we end it ourselves
 */

import { spawn } from '../loader/spawn.js';
import { linkTo } from './connect.js';

/** Before a worker is replaced, in milliseconds: from the first to the longest. */
const [BACKOFF_FIRST, BACKOFF_LONGEST] = [50, 5000];

/**
 * @param {import('../loader/space.js').Space} space
 * @param {() => Worker} make
 * @param {{size: number, minSize: number, idleTimeout: number}} options
 * @param {{free(): void, lost(member: Member, error: Error): void}} on `free`: there may be a member
 *   without a task, or none any more
 */
export function makeCrew(space, make, { size, minSize, idleTimeout }, on) {
  /** @type {Set<Member>} */
  const members = new Set();
  /** Without a task, the one that was busy last at the end. @type {Member[]} */
  const idle = [];
  let starting = 0;
  let deaths = 0; // in a row, without a task done between
  let blockedUntil = 0;
  /** @type {unknown} */
  let failure;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retirement;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let delayed;

  const closing = new AbortController();

  async function start() {
    starting++;
    const { signal } = closing;
    try {
      const peer = await spawn(space, make, { signal });
      // A pool that has nothing to do keeps no Node running.
      /** @type {any} */ (peer.worker).unref?.();
      signal.addEventListener('abort', peer.terminate);
      const { connection, ready } = linkTo(peer);
      await ready.catch(async (error) => {
        await peer.terminate();
        throw error;
      });
      signal.removeEventListener('abort', peer.terminate);
      join(peer, connection);
    } catch (error) {
      failure ??= error;
    } finally {
      starting--;
    }
    if (!signal.aborted) on.free();
  }

  /** @param {import('../loader/spawn.js').Peer} peer @param {import('./connection.js').Connection} connection */
  function join(peer, connection) {
    /** @type {Member} */
    const member = { peer, connection, task: undefined, idleSince: 0, dismissed: false };
    members.add(member);
    rest(member);
    connection.onEnd(() => {
      const at = idle.indexOf(member);
      if (at >= 0) idle.splice(at, 1);
      if (members.delete(member)) bury(member);
    });
  }

  /** What it did is told when it cannot do it any more. @param {Member} member */
  async function bury(member) {
    blockedUntil = Date.now() + Math.min(BACKOFF_FIRST * 2 ** deaths++, BACKOFF_LONGEST);
    member.peer.terminate(); // the connection may have ended for another reason
    on.lost(member, await member.peer.lost);
    refill();
  }

  /** @param {Member} member */
  function rest(member) {
    member.idleSince = Date.now();
    idle.push(member);
    retireLater();
  }

  /** Those who have had nothing to do for some time go, but for the least. */
  function retireLater() {
    if (retirement || members.size <= minSize || idle.length === 0) return;
    const wait = Math.max(0, idle[0].idleSince + idleTimeout - Date.now());
    if (wait > 2 ** 31 - 1) return;
    retirement = setTimeout(() => {
      retirement = undefined;
      while (members.size > minSize && idle[0]?.idleSince + idleTimeout <= Date.now()) {
        const member = /** @type {Member} */ (idle.shift());
        members.delete(member);
        member.peer.terminate();
      }
      retireLater();
    }, wait);
    /** @type {any} */ (retirement).unref?.();
  }

  /** Starts so many more, if it may. @param {number} more */
  function startMore(more) {
    if (failure !== undefined || more <= 0 || closing.signal.aborted) return;
    const pause = blockedUntil - Date.now();
    if (pause > 0) {
      delayed ??= setTimeout(() => {
        delayed = undefined;
        refill();
      }, pause);
      return;
    }
    const room = size - members.size - starting;
    for (let i = Math.min(more, room); i > 0; i--) start();
  }

  const warm = () => startMore(minSize - members.size - starting);

  function refill() {
    if (closing.signal.aborted) return;
    warm();
    on.free();
  }

  return {
    get size() {
      return members.size;
    },
    get busy() {
      return members.size - idle.length;
    },
    /** Why there are no workers, and will be none. */
    get failure() {
      return members.size === 0 && starting === 0 ? failure : undefined;
    },

    /** One that has nothing to do; `wanted`: as many tasks wait. @param {number} wanted */
    take(wanted) {
      const member = idle.pop();
      if (!member) startMore(wanted - starting);
      return member;
    },

    /** @param {Member} member it has done its task */
    giveBack(member) {
      member.task = undefined;
      deaths = 0;
      if (members.has(member)) rest(member);
    },

    /** Starts as many as there have to be. */
    warm,

    /** Its place is free at once, though it may go on until it is dead. @param {Member} member */
    dismiss(member) {
      member.dismissed = true;
      if (members.delete(member)) bury(member);
      refill();
    },

    async close() {
      closing.abort();
      clearTimeout(retirement);
      clearTimeout(delayed);
      const all = [...members];
      members.clear();
      await Promise.all(all.map(({ peer }) => peer.terminate()));
    },
  };
}
