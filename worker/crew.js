/**
 * A pool's workers: as many as there is work for, up to a size. One that dies is replaced when it is
 * needed, later and later where deaths follow each other; when one does not even start, no more are
 * tried.
 *
 * @typedef {{
 *   readonly peer: import('../loader/spawn.js').Peer,
 *   readonly connection: import('./connection.js').Connection,
 *   task: import('./task.js').Task | undefined, idleSince: number, dismissed: boolean,
 *   number: number,
 * }} Member `task`: what it does at the moment, by message; `dismissed`: we end it ourselves;
 *   `number`: in the queue of lanes.js
 */

import { forMany } from '#platform';
import { LARGEST } from '../loader/options.js';
import { spawn } from '../loader/spawn.js';
import { linkTo } from './connect.js';
import { startPackaged } from './packaged.js';

/** Before a worker is replaced, in milliseconds: from the first to the longest. */
const [BACKOFF_FIRST, BACKOFF_LONGEST] = [50, 5000];

/**
 * @param {import('../loader/space.js').Space} space
 * @param {(() => Worker) | undefined} make without one: the packaged worker
 * @param {{size: number, minSize: number, idleTimeout: number}} options
 * @param {{
 *   free(): void, joined(member: Member): void, lost(member: Member, error: Error): void,
 *   message(member: Member, message: import('./protocol.js').Message): void,
 *   isBusy(member: Member): boolean, retire(member: Member): boolean,
 * }} on `free`: there may be a member without a task, or none any more; `lost`: it is dead; `retire`:
 *   it may be ended, and will not begin anything
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
      const peer = await (make ? spawn(space, make, { signal }) : startPackaged(space, { signal }));
      // A pool that has nothing to do keeps no Node running.
      /** @type {any} */ (peer.worker).unref?.();
      forMany(signal);
      signal.addEventListener('abort', peer.terminate);
      /** @type {Member | undefined} */
      let member;
      const { connection, ready } = linkTo(peer, undefined, (message) => {
        if (member) on.message(member, message);
      });
      await ready.catch(async (error) => {
        await peer.terminate();
        throw error;
      });
      signal.removeEventListener('abort', peer.terminate);
      if (signal.aborted) {
        // The pool was closed while this one was about to join it.
        peer.terminate();
        return;
      }
      member = { peer, connection, task: undefined, idleSince: 0, dismissed: false, number: -1 };
      join(member);
    } catch (error) {
      failure ??= error;
    } finally {
      starting--;
    }
    if (!signal.aborted) on.free();
  }

  /** @param {Member} member */
  function join(member) {
    members.add(member);
    on.joined(member);
    rest(member);
    member.connection.onEnd(() => {
      if (part(member)) bury(member);
    });
  }

  /** @param {Member} member */
  function part(member) {
    const at = idle.indexOf(member);
    if (at >= 0) idle.splice(at, 1);
    return members.delete(member);
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
    if (retirement || members.size <= minSize || idleTimeout === Infinity) return;
    const since = Math.min(...resting().map(({ idleSince }) => idleSince));
    const wait = Math.max(0, since + idleTimeout - Date.now());
    if (wait > LARGEST) return;
    retirement = setTimeout(() => {
      retirement = undefined;
      for (const member of resting()) {
        if (members.size <= minSize || member.idleSince + idleTimeout > Date.now()) break;
        if (on.retire(member)) retire(member);
      }
      retireLater();
    }, wait);
    /** @type {any} */ (retirement).unref?.();
  }

  /** Those who have nothing to do, the longest first. */
  const resting = () =>
    [...members]
      .filter((member) => !on.isBusy(member))
      .sort((one, other) => one.idleSince - other.idleSince);

  /** @param {Member} member */
  async function retire(member) {
    member.dismissed = true;
    part(member);
    member.peer.terminate();
    on.lost(member, await member.peer.lost);
    refill();
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
    size: () => members.size,
    busy: () => members.size - idle.length,
    /** What they do by message. */
    tasks: () => [...members].flatMap(({ task }) => task ?? []),

    /** Why there are no workers, and will be none. */
    failure: () => (members.size === 0 && starting === 0 ? failure : undefined),

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

    /** @param {Member} member it has done something, and may go on @param {number} now */
    did(member, now) {
      member.idleSince = now;
      deaths = 0;
      if (!retirement) retireLater();
    },

    /** There is work for so many. @param {number} wanted */
    need(wanted) {
      const there = members.size + starting;
      if (there < size && wanted > there) startMore(wanted - there);
    },

    /** Starts as many as there have to be. */
    warm,

    /** Its place is free at once, though it may go on until it is dead. @param {Member} member */
    dismiss(member) {
      member.dismissed = true;
      if (part(member)) bury(member);
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
