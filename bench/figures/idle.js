/** A space in which nothing happens: what its page starts by itself in a second. */

import { line } from '../line.js';
import { number, openPair } from '../roles/echo.js';
import { cell, pool } from '../sdk.js';
import { withTeam } from '../team.js';

const MS = 1000;
/** Of a second of one processor: what a process spends that only waits. */
const CPU_MS = 20;

/** Counts the calls of what a thread wakes itself up by. @returns {{count(): number, stop(): void}} */
function countWakeUps() {
  let calls = 0;
  const undo = [globalThis, Atomics].flatMap((owner) =>
    ['setTimeout', 'setInterval', 'setImmediate', 'waitAsync', 'requestAnimationFrame']
      .filter((name) => name in owner)
      .map((name) => {
        const all = /** @type {any} */ (owner);
        const original = all[name];
        all[name] = (/** @type {unknown[]} */ ...args) => {
          calls++;
          return original.apply(owner, args);
        };
        return () => {
          all[name] = original;
        };
      }),
  );
  return {
    count: () => calls,
    stop: () => {
      for (const restore of undo) restore();
    },
  };
}

/** @param {import('../team.js').Env} env */
export const idle = (env) =>
  withTeam(env, 2, {}, async (space, blocking, onLoop) => {
    // One of each that waits: a worker that blocks, one on its event loop, a pool, a cell.
    await blocking.call('echoBlocking', 'blocking');
    await onLoop.call('echoOnLoop', 'loop');
    const senders = ['blocking', 'loop'].map((name) => openPair(space, name).there.sender());
    const made = pool(space, () => env.worker('pool.worker.js'), { size: 1, minSize: 1 });
    await made.run('noop', [1]);
    cell(space, 'state', number, { n: 1 }).get();
    await settled();

    const wakeUps = countWakeUps();
    const before = env.engine === 'node' ? process.cpuUsage() : undefined;
    await pauseOf(MS);
    const spent = before && process.cpuUsage(before);
    // The pause's own is one.
    const calls = wakeUps.count() - 1;
    wakeUps.stop();
    for (const sender of senders) sender.close();
    await made.close();
    const params = { ms: MS };
    const lines = [line('idle.timers', calls, 'calls', params, { at_most: 0 })];
    if (spent) {
      const ms = (spent.user + spent.system) / 1000;
      lines.push(line('idle.cpu', ms, 'ms', params, { at_most: CPU_MS }));
    }
    return lines;
  });

/** @param {number} ms @returns {Promise<void>} */
const pauseOf = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What came before is over. */
const settled = () => pauseOf(200);
