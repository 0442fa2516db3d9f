/** A job that several peers do, in turns: their lines, and Sluice's ratio to each of them. */

import { cannot, line, peerLine, SLUICE } from './line.js';
import { inTurns, ratio } from './stats.js';

/**
 * @typedef {{name: string, note?: string, run(): Promise<number>}} Contender
 * @typedef {{name: string, unit: string, params: Record<string, unknown>, less?: boolean}} Job `less`: is better
 */

/**
 * @param {Job} job
 * @param {Contender[]} contenders
 * @param {{rounds: number, warm: number}} counts
 * @param {Record<string, string>} [unable] by peer
 * @param {(peer: string) => import('./line.js').Target | undefined} [target] of Sluice's ratio to a peer
 */
export async function contest(job, contenders, counts, unable = {}, target = () => undefined) {
  const rounds = await inTurns(
    Object.fromEntries(contenders.map(({ name, run }) => [name, run])),
    counts,
  );
  const params = { ...job.params, ...counts };
  const lines = contenders.map((peer) =>
    peerLine(job.name, peer, rounds[peer.name], job.unit, params),
  );
  for (const [peer, reason] of Object.entries(unable)) {
    lines.push(cannot(job.name, peer, job.unit, params, reason));
  }
  return [...lines, ...ratios(job, rounds, params, target)];
}

/**
 * How many times better Sluice is than each of the others.
 *
 * @param {Job} job
 * @param {Record<string, number[]>} rounds
 * @param {Record<string, unknown>} params
 * @param {(peer: string) => import('./line.js').Target | undefined} target
 */
export function ratios(job, rounds, params, target = () => undefined) {
  const ours = rounds[SLUICE];
  if (!ours) return [];
  return Object.entries(rounds)
    .filter(([peer]) => !peer.startsWith(SLUICE))
    .map(([peer, theirs]) => ({
      ...line(
        `${job.name}.times_better`,
        job.less ? ratio(theirs, ours) : ratio(ours, theirs),
        'ratio',
        params,
        target(peer),
      ),
      peer,
    }));
}

/** The count is found when the rate has stopped growing by more than this, or after so many tries. */
const GROWS = 1.1;
const TRIES = 12;

/**
 * A round takes about so long, whatever is measured: the first one, which only warms up, finds the count. It goes
 * on until compilers have seen enough.
 *
 * @param {(count: number) => Promise<unknown>} work
 * @param {number} ms of a round
 * @param {number} [most]
 * @returns {() => Promise<number>} how often a second
 */
export function rateOf(work, ms, most = 2 ** 22) {
  let count = 0;
  /** @param {number} tries */
  async function rate(tries) {
    const begin = performance.now();
    await work(tries);
    return (tries * 1000) / (performance.now() - begin);
  }
  async function find() {
    let best = 0;
    count = Math.min(16, most);
    for (let i = 0; i < TRIES; i++) {
      const found = await rate(count);
      const fit = Math.min(most, Math.round((found * ms) / 1000));
      const enough = count >= fit / 2 && found < best * GROWS;
      best = Math.max(best, found);
      count = Math.max(1, Math.min(fit, count * 16));
      if (enough) break;
    }
    return best;
  }
  return () => (count > 0 ? rate(count) : find());
}
