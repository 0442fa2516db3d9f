/**
 * An echo by each peer: between the page and a worker, and between two workers; spinning and sleeping; on a page
 * that is idle, and on one that works 12 of every 16 milliseconds.
 */

import { ratios } from '../contest.js';
import { batchFor, clockStep, measureEcho, quantile } from '../latency.js';
import { cannot, peerLine } from '../line.js';
import { pipes } from '../peers/pipe.js';
import { inTurns } from '../stats.js';
import { openTeams } from '../teams.js';

/** @typedef {{from: 'page' | 'worker', wait: import('../peers/pipe.js').WaitBy, page: 'idle' | 'busy'}} Setting */

/** @type {Setting[]} */
const SETTINGS = [
  { from: 'page', wait: 'sleep', page: 'idle' },
  { from: 'page', wait: 'spin', page: 'idle' },
  { from: 'worker', wait: 'sleep', page: 'idle' },
  { from: 'worker', wait: 'spin', page: 'idle' },
  { from: 'page', wait: 'sleep', page: 'busy' },
  { from: 'worker', wait: 'sleep', page: 'busy' },
];
const BUSY_MS = 12;
const PERIOD_MS = 16;
/** A round takes about so long. */
const ROUND_MS = 60;
const LEAST = 24;
const WARM = 3;
const MOST = 1000;

/** @param {import('../team.js').Env} env */
export async function latency(env) {
  const lines = [];
  const step = clockStep();
  for (const setting of env.quick ? [SETTINGS[0], SETTINGS[2]] : SETTINGS) {
    lines.push(...(await inSetting(env, setting, step)));
  }
  return lines;
}

/** @param {import('../team.js').Env} env @param {Setting} setting @param {number} step */
async function inSetting(env, setting, step) {
  const counts = { rounds: env.quick ? 5 : 7, warm: WARM };
  const params = { ...setting, ...counts, clockStepUs: Number((step * 1000).toPrecision(3)) };
  const name = (/** @type {string} */ what) => `latency.${what}`;
  const teams = await openTeams(env, 2, pipes);
  const lines = [];
  try {
    /** @type {Record<string, string>} */
    const unable = {};
    /** @type {Map<string, {peer: import('../peers/pipe.js').Pipe, run(): Promise<number>, times: Float64Array[], batch(): number}>} */
    const able = new Map();
    for (const peer of pipes) {
      const echo = await openEcho(teams.of(peer), peer, setting);
      if (typeof echo === 'string') unable[peer.name] = echo;
      else able.set(peer.name, { peer, ...sampler(echo, step, setting.page === 'busy') });
    }
    const rounds = await inTurns(
      Object.fromEntries(
        [...able].map(([peer, { run }]) => [
          peer,
          () => (setting.page === 'busy' ? whileBusy(run) : run()),
        ]),
      ),
      counts,
    );
    const job = { name: name('p50'), unit: 'us', params, less: true };
    for (const { peer, times, batch } of able.values()) {
      const own = { ...params, batch: batch() };
      lines.push(peerLine(job.name, peer, rounds[peer.name], 'us', own));
      const all = times.slice(counts.warm).flatMap((each) => [...each]);
      for (const [what, part] of /** @type {[string, number][]} */ ([
        ['p99', 0.99],
        ['p99.9', 0.999],
        ['max', 1],
      ])) {
        lines.push(peerLine(name(what), peer, [quantile(all, part) * 1000], 'us', own));
      }
    }
    for (const [peer, reason] of Object.entries(unable)) {
      lines.push(cannot(job.name, peer, 'us', params, reason));
    }
    lines.push(...ratios(job, rounds, params));
  } finally {
    await teams.close();
  }
  return lines;
}

/** @typedef {(amount: import('../latency.js').Amount) => Promise<Float64Array>} Measure */

/**
 * @param {import('../team.js').Team} team
 * @param {import('../peers/pipe.js').Pipe} peer
 * @param {Setting} setting
 * @returns {Promise<string | Measure>}
 */
async function openEcho(team, peer, setting) {
  const echo = await openOnce(team, peer, setting);
  if (typeof echo === 'string' || !peer.blocking) return echo;
  // Who blocks or spins would do so through the others' turns.
  await stopEcho(team, peer, setting);
  return async (amount) => {
    const again = /** @type {Measure} */ (await openOnce(team, peer, setting));
    const times = await again(amount);
    await stopEcho(team, peer, setting);
    return times;
  };
}

let links = 0;
/** The asker's end of the link that is open, of a peer that blocks. @type {any} */
let asking;

/**
 * @param {import('../team.js').Team} team
 * @param {import('../peers/pipe.js').Pipe} peer
 * @param {Setting} setting
 * @returns {Promise<string | Measure>}
 */
async function openOnce({ space, members: [asker, other] }, peer, { from, wait }) {
  const label = `echo ${links++}`;
  const [near, far] = peer.link(8, label);
  asking = near.end;
  const serve = () => other.post('pipeServe', [peer.name, far.end, wait], far.transfer ?? []);
  if (from === 'page') {
    const client = peer.client(near.end, wait, space);
    if (typeof client === 'string') return client;
    await serve();
    return (amount) => measureEcho(client, amount);
  }
  const problem = await asker.post(
    'pipeClient',
    [peer.name, label, near.end, wait],
    near.transfer ?? [],
  );
  if (problem) return problem;
  await serve();
  return (amount) => asker.call('pipeEcho', label, amount);
}

/** Returns when the server has. @param {import('../team.js').Team} team @param {import('../peers/pipe.js').Pipe} peer @param {Setting} setting */
async function stopEcho({ members: [asker, other] }, peer, { from }) {
  if (from === 'page') peer.stop?.(asking);
  else await asker.call('pipeStop', peer.name, asking);
  await other.call('pipeTurn');
}

/**
 * @param {Measure} measure
 * @param {number} step @param {boolean} busy
 */
function sampler(measure, step, busy) {
  /** @type {import('../latency.js').Amount} */
  const amount = { samples: LEAST, batch: 1 };
  /** @type {Float64Array[]} */
  const times = [];
  return {
    times,
    batch: () => amount.batch,
    async run() {
      const got = await measure(amount);
      times.push(got);
      if (times.length < WARM) {
        // What follows is measured by this: as it will be when it is warm, and nobody else has the processor.
        const usual = usualOf(got);
        amount.batch = busy ? 1 : batchFor(Math.max(quantile(got, 0.25), usual / 2), step);
        const middle = Math.max(quantile(got, 0.5), usual);
        const fit = ROUND_MS / Math.max(middle * amount.batch, 1e-4);
        amount.samples = Math.max(LEAST, Math.min(MOST, Math.round(busy ? 2 * fit : fit)));
      }
      return quantile(got, 0.5) * 1000;
    },
  };
}

/** The mean without the slowest quarter: of echoes shorter than the clock's step most quantiles are 0. @param {Float64Array} times */
function usualOf(times) {
  const sorted = times.toSorted().subarray(0, Math.ceil((times.length * 3) / 4));
  return sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
}

/** The page works, as one that draws and runs scripts. @template T @param {() => Promise<T>} work */
async function whileBusy(work) {
  const timer = setInterval(() => {
    const end = performance.now() + BUSY_MS;
    while (performance.now() < end);
  }, PERIOD_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
