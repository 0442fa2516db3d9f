/**
 * What messages leave behind for the garbage collector, in both workers together: the heaps' growth while it does not
 * run, by many messages less that by a few, which is what a round leaves behind whatever it does. Node says of
 * each thread what its heap holds, and Chromium by its DevTools.
 */

import { contest } from '../contest.js';
import { cannot } from '../line.js';
import { pipes } from '../peers/pipe.js';
import { openTeams } from '../teams.js';
import { openStream } from './throughput.js';

/** With gc(), and with young space for all of a round, so that nothing is collected in it. */
export const GARBAGE_FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
];

const COUNT = 10_000;
const FEW = 500;
const BYTES = 64;
/** What is less, of a message, is what the engine does beside it. */
const LEAST = 1;
/** The collector may run for its own reasons, and then the round says nothing. */
const TRIES = 5;

/** @param {import('../team.js').Env} env */
export async function garbage(env) {
  const job = {
    name: 'garbage',
    unit: 'MB per 10^6',
    params: { bytes: BYTES, messages: COUNT },
    less: true,
  };
  const able = pipes.filter(({ sender }) => sender);
  if (env.engine !== 'node' && !env.heaps) {
    const reason = "this engine does not tell a worker's heap";
    return able.map(({ name }) => cannot(job.name, name, job.unit, job.params, reason));
  }
  const teams = await openTeams(env, 2, able);
  try {
    const contenders = [];
    for (const peer of able) {
      const { members } = teams.of(peer);
      const work = await openStream(members, peer, BYTES);
      contenders.push({ ...peer, run: () => ofMessage(env, members, work) });
    }
    return await contest(job, contenders, { rounds: 7, warm: 6 });
  } finally {
    await teams.close();
  }
}

/**
 * Bytes a message, which are megabytes a million.
 *
 * @param {import('../team.js').Env} env
 * @param {import('../team.js').Member[]} members
 * @param {(count: number) => Promise<unknown>} work
 */
async function ofMessage(env, members, work) {
  const few = await growth(env, members, () => work(FEW));
  const many = await growth(env, members, () => work(FEW + COUNT));
  return Math.max(LEAST, (many - few) / COUNT);
}

/** @param {import('../team.js').Env} env @param {import('../team.js').Member[]} members @param {() => Promise<unknown>} work */
async function growth(env, members, work) {
  for (let i = 0; i < TRIES; i++) {
    const before = await heaps(env, members, true);
    await work();
    const grown = (await heaps(env, members, false)) - before;
    if (grown >= 0) return grown;
  }
  throw new Error(`the garbage collector ran in the middle, ${TRIES} times`);
}

/** @param {import('../team.js').Env} env @param {import('../team.js').Member[]} members @param {boolean} collect */
async function heaps(env, members, collect) {
  const all = await Promise.all(members.map(({ call }) => call('pipeHeap', collect)));
  return all.reduce((sum, one) => sum + one, 0) + ((await env.heaps?.()) ?? 0);
}
