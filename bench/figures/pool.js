/**
 * Calls that do nothing, 64 in flight, against the same by postMessage; and, where a target says more than that, over
 * bare slots: how much faster than postMessage shared memory is at most there.
 */

import { line } from '../line.js';
import { listen } from '../post.js';
import { BARE_BYTES, bareCalls } from '../roles/bare.js';
import { pool as makePool } from '../sdk.js';
import { inTurns, median, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const IN_FLIGHT = 64;
/** So many that messages take a tenth of a second or two: a round of a few milliseconds would show how the threads wake up. */
const CALLS = { node: 51_200, chromium: 12_800, firefox: 6_400, webkit: 25_600 };
/** Compilers take so long until they have seen all that calls do. */
const COUNTS = { rounds: 15, warm: 10 };
const TARGETS = { node: 8, chromium: 8, firefox: 3, webkit: 3 };

const BARE = 'bare slots';

/** WebKit loses what wakes a page, and Firefox takes long: they meet their targets. @param {import('../team.js').Env} env */
const wakesWell = ({ engine }) => engine === 'node' || engine === 'chromium';

/** @typedef {(n: number) => Promise<number>} Call */

/** Makes calls, IN_FLIGHT at a time. @param {Call} call @param {number} calls */
async function callAll(call, calls) {
  let next = 0;
  async function caller() {
    while (next < calls) {
      const n = next++;
      const got = await call(n);
      if (got !== n) throw new Error(`the call with ${n} gave ${got}`);
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

/**
 * Calls a second, when both threads are awake, each on a processor of its own.
 *
 * @param {Call} call
 * @param {number} calls
 * @param {number[]} [works] for this thread's part of a call, in nanoseconds
 */
async function rate(call, calls, works) {
  await callAll(call, calls / 4);
  const [begin, before] = [performance.now(), atWork()];
  await callAll(call, calls);
  works?.push(((atWork() - before) * 1e6) / calls);
  return (calls * 1000) / (performance.now() - begin);
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

/** Milliseconds that this thread has been at work, where that is told (Node). */
function atWork() {
  const { eventLoopUtilization } = /** @type {any} */ (performance);
  return eventLoopUtilization ? eventLoopUtilization.call(performance).active : Number.NaN;
}

/** @param {import('../team.js').Env} env */
export const pool = (env) =>
  withTeam(env, 2, {}, async (space, plain, answering) => {
    await plain.call('poolPlain');
    const memory = new SharedArrayBuffer(BARE_BYTES);
    await answering.call('answerBare', memory);
    const made = makePool(space, () => env.worker('pool.worker.js'), { size: 1, minSize: 1 });
    const post = byMessage(plain.worker);
    const calls = CALLS[env.engine];
    const bare = bareCalls(memory);
    /** This thread's part of a call, in nanoseconds. @type {number[]} */
    const works = [];
    try {
      const rates = await inTurns(
        {
          postMessage: () => rate(post, calls),
          run: () => rate((n) => /** @type {Promise<any>} */ (made.run('noop', [n])), calls, works),
          bare: () => (wakesWell(env) ? rate(bare, calls) : Promise.resolve(Number.NaN)),
        },
        COUNTS,
      );
      const params = { workers: 1, inFlight: IN_FLIGHT, calls, ...COUNTS };
      const bareLines = wakesWell(env)
        ? [
            line('pool.bare.rate', median(rates.bare), '1/s', params, undefined, BARE),
            line(
              'pool.bare.of_postMessage',
              ratio(rates.bare, rates.postMessage),
              'ratio',
              params,
              undefined,
              BARE,
            ),
          ]
        : [];
      const atWorkLine = line('pool.run.at_work', median(works.slice(COUNTS.warm)), 'ns', params);
      return [
        ...bareLines,
        ...(Number.isNaN(atWork()) ? [] : [atWorkLine]),
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
