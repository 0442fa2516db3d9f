/** Calls that do nothing, 64 in flight, against the same by postMessage. */

import { line } from '../line.js';
import { listen } from '../post.js';
import { pool as makePool } from '../sdk.js';
import { inTurns, median, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const IN_FLIGHT = 64;
const CALLS = 6400;
/** Compilers take so long until they have seen all that calls do. */
const COUNTS = { rounds: 15, warm: 10 };
const TARGETS = { node: 8, chromium: 8, firefox: 3, webkit: 3 };

/** @typedef {(n: number) => Promise<number>} Call */

/** Calls a second. @param {Call} call */
async function rate(call) {
  let next = 0;
  async function caller() {
    while (next < CALLS) {
      const n = next++;
      const got = await call(n);
      if (got !== n) throw new Error(`the call with ${n} gave ${got}`);
    }
  }
  const begin = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  return (CALLS * 1000) / (performance.now() - begin);
}

/** The least that calls by messages take. @param {any} worker @returns {Call} */
function byMessage(worker) {
  /** @type {Map<number, (value: number) => void>} */
  const pending = new Map();
  let tasks = 0;
  listen(worker, ({ task, value }) => {
    pending.get(task)?.(value);
    pending.delete(task);
  });
  return (n) =>
    new Promise((resolve) => {
      pending.set(tasks, resolve);
      worker.postMessage({ task: tasks++, name: 'noop', args: [n] });
    });
}

/** @param {import('../team.js').Env} env */
export const pool = (env) =>
  withTeam(env, 1, {}, async (space, plain) => {
    await plain.call('poolPlain');
    const made = makePool(space, () => env.worker('pool.worker.js'), { size: 1, minSize: 1 });
    const post = byMessage(plain.worker);
    try {
      const rates = await inTurns(
        {
          postMessage: () => rate(post),
          run: () => rate((n) => /** @type {Promise<any>} */ (made.run('noop', [n]))),
        },
        COUNTS,
      );
      const params = { workers: 1, inFlight: IN_FLIGHT, calls: CALLS, ...COUNTS };
      return [
        line('pool.postMessage.rate', median(rates.postMessage), '1/s', params),
        line('pool.run.rate', median(rates.run), '1/s', params),
        line('pool.run.of_postMessage', ratio(rates.run, rates.postMessage), 'ratio', params, {
          at_least: TARGETS[env.engine],
        }),
      ];
    } finally {
      await made.close();
    }
  });
