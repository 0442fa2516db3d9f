/** A worker calls the page and blocks: how often a second, and what it takes of a processor while it waits. */

import { contest, rateOf } from '../contest.js';
import { peerLine } from '../line.js';
import { blockings, unable } from '../peers/blocking.js';
import { inTurns, median } from '../stats.js';

const ROUND_MS = 80;
const COUNTS = { rounds: 7, warm: 3 };
const WAIT_MS = 500;
/** What the engine takes while nobody waits. */
const NOBODY = 'nobody';
const WAITS = { rounds: 5, warm: 0 };
/** Of coincident's rate. */
const TARGET = { at_least: 3 };
/** Of a processor, in percent. */
const BURNT = { at_most: 2 };

const later = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {import('../team.js').Env} env */
export async function sync(env) {
  const page = {
    twice: (/** @type {number} */ n) => 2 * n,
    late: async (/** @type {number} */ ms) => {
      await later(ms);
      return ms;
    },
  };
  /** @type {Record<string, string>} */
  const cannot = { ...unable };
  const open = [];
  try {
    for (const { engines, cannot: reason, ...blocking } of blockings) {
      if (engines && !engines.includes(env.engine)) cannot[blocking.name] = reason ?? '';
      else open.push({ ...blocking, ...(await blocking.open(env, page)) });
    }
    const job = { name: 'sync', unit: '1/s', params: {} };
    const contenders = open.map(({ name, note, run }) => ({
      name,
      note,
      run: rateOf(run, ROUND_MS),
    }));
    const lines = await contest(job, contenders, COUNTS, cannot, (peer) =>
      peer === 'coincident' ? TARGET : undefined,
    );

    /** @type {Record<string, () => Promise<number>>} */
    const waits = {
      [NOBODY]: () => percent(env, () => later(WAIT_MS)),
      ...Object.fromEntries(
        open.map(({ name, wait }) => [name, () => percent(env, () => wait(WAIT_MS))]),
      ),
    };
    const waitCounts = env.quick ? { rounds: 1, warm: 0 } : WAITS;
    const burnt = await inTurns(waits, waitCounts);
    const idle = median(burnt[NOBODY]);
    const params = { ms: WAIT_MS, ...waitCounts };
    for (const { name, note } of open) {
      const above = burnt[name].map((one) => Math.max(0, one - idle));
      const said = peerLine('sync.burnt', { name, note }, above, '%', params);
      const met = (said.value ?? 0) <= BURNT.at_most;
      lines.push(name === 'Sluice' ? { ...said, target: BURNT, met } : said);
    }
    return lines;
  } finally {
    for (const { close } of open) await close();
  }
}

/** Of one processor. @param {import('../team.js').Env} env @param {() => Promise<unknown>} work */
async function percent(env, work) {
  const [begin, before] = [performance.now(), await env.cpu()];
  await work();
  return ((await env.cpu()) - before) / ((performance.now() - begin) / 100);
}
