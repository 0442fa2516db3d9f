/**
 * A pool's workers: as many as there is work for, up to a size. One that dies is replaced when it is
 * needed, later and later where deaths follow each other; when one does not even start, no more are
 * tried.
 *
 * @typedef {{
 *   readonly peer: import('../loader/spawn.js').Peer,
 *   readonly connection: import('./connection.js').Connection,
 *   task: unknown,
 * }} Member `task`: what it does at the moment
 */

import { spawn } from '../loader/spawn.js';
import { connect, remoteOf } from './connect.js';

/** Before a worker is replaced, in milliseconds: from the first to the longest. */
const [BACKOFF_FIRST, BACKOFF_LONGEST] = [50, 5000];

/**
 * @param {import('../loader/space.js').Space} space
 * @param {() => Worker} make
 * @param {{size: number, minSize: number, idleTimeout: number}} options
 * @param {{free(): void, lost(member: Member, error: Error): void, failed(error: unknown): void}} on
 *   `free`: a member has no task; `failed`: none could be started, and there is none
 */
export function makeCrew(space, make, { size, minSize, idleTimeout }, on) {
  /** @type {Set<Member>} */
  const members = new Set();
  /** Without a task, the one that was busy last at the end. @type {Member[]} */
  const idle = [];
  let starting = 0;
  let deaths = 0; // in a row, without a task done between
  let blockedUntil = 0;
  let closed = false;
  /** @type {unknown} */
  let failure;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retirement;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let delayed;

  async function start() {
    starting++;
    try {
      const peer = await spawn(space, make);
      if (closed) {
        await peer.terminate();
        return;
      }
      join(peer);
    } catch (error) {
      failure = error;
      if (members.size === 0 && !closed) on.failed(error);
    } finally {
      starting--;
    }
    if (!closed) on.free();
  }

  /** @param {import('../loader/spawn.js').Peer} peer */
  function join(peer) {
    const { connection } = remoteOf(connect(peer));
    /** @type {Member} */
    const member = { peer, connection, task: undefined };
    members.add(member);
    idle.push(member);
    peer.lost.then((error) => {
      if (!members.delete(member)) return;
      const at = idle.indexOf(member);
      if (at >= 0) idle.splice(at, 1);
      const pause = Math.min(BACKOFF_FIRST * 2 ** deaths++, BACKOFF_LONGEST);
      blockedUntil = Date.now() + pause;
      on.lost(member, error);
      if (!closed) on.free();
    });
  }

  /** Some time after there was nothing to do, those above the least go. */
  function retireLater() {
    if (retirement || !Number.isFinite(idleTimeout)) return;
    retirement = setTimeout(() => {
      retirement = undefined;
      if (idle.length < members.size) return;
      for (const member of idle.splice(0, Math.max(0, members.size - minSize))) {
        members.delete(member);
        member.peer.terminate();
      }
    }, idleTimeout);
    /** @type {any} */ (retirement).unref?.();
  }

  return {
    get size() {
      return members.size;
    },
    get busy() {
      return members.size - idle.length;
    },
    get failure() {
      return members.size === 0 && starting === 0 ? failure : undefined;
    },

    /** One that has nothing to do; `wanted`: as many tasks wait. @param {number} wanted */
    take(wanted) {
      const member = idle.pop();
      if (member) {
        clearTimeout(retirement);
        retirement = undefined;
        return member;
      }
      for (let more = wanted - starting; more > 0 && members.size + starting < size; more--) {
        if (failure) break;
        const pause = blockedUntil - Date.now();
        if (pause > 0) {
          delayed ??= setTimeout(() => {
            delayed = undefined;
            on.free();
          }, pause);
          break;
        }
        start();
      }
      return undefined;
    },

    /** @param {Member} member it has done its task */
    giveBack(member) {
      member.task = undefined;
      deaths = 0;
      if (!members.has(member)) return;
      idle.push(member);
      if (idle.length === members.size) retireLater();
    },

    /** Starts as many as there have to be. */
    warm() {
      for (let more = minSize - members.size - starting; more > 0; more--) start();
    },

    /** @param {Member} member */
    dismiss: (member) => member.peer.terminate(),

    async close() {
      closed = true;
      clearTimeout(retirement);
      clearTimeout(delayed);
      const all = [...members];
      members.clear();
      await Promise.all(all.map(({ peer }) => peer.terminate()));
    },
  };
}
