/**
 * What messages leave behind for the garbage collector, in both workers together: the heap's growth while it
 * does not run. Only Node says of a thread what its heap holds.
 */

import { contest } from '../contest.js';
import { cannot } from '../line.js';
import { pipes } from '../peers/pipe.js';
import { openTeams } from '../teams.js';
import { openStream } from './throughput.js';

/** With --expose-gc, and with young space for all of a round, so that nothing is collected in it. */
export const GARBAGE_FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
];

const COUNT = 10_000;
const BYTES = 64;

/** @param {import('../team.js').Env} env */
export async function garbage(env) {
  const job = {
    name: 'garbage',
    unit: 'MB per 10^6',
    params: { bytes: BYTES, messages: COUNT },
    less: true,
  };
  const able = pipes.filter(({ sender }) => sender);
  if (env.engine !== 'node') {
    const reason = "this engine does not tell a worker's heap";
    return able.map(({ name }) => cannot(job.name, name, job.unit, job.params, reason));
  }
  const teams = await openTeams(env, 2, able);
  try {
    const contenders = [];
    for (const peer of able) {
      const { members } = teams.of(peer);
      const work = await openStream(members, peer, BYTES);
      contenders.push({ ...peer, run: () => growth(members, () => work(COUNT)) });
    }
    return await contest(job, contenders, { rounds: 7, warm: 6 });
  } finally {
    await teams.close();
  }
}

/** @param {import('../team.js').Member[]} members @param {() => Promise<unknown>} work */
async function growth(members, work) {
  const before = await heaps(members, true);
  await work();
  const grown = (await heaps(members, false)) - before;
  if (grown < 0) throw new Error('the garbage collector ran in the middle');
  // Bytes a message are megabytes a million.
  return grown / COUNT;
}

/** @param {import('../team.js').Member[]} members @param {boolean} collect */
async function heaps(members, collect) {
  const all = await Promise.all(members.map(({ call }) => call('pipeHeap', collect)));
  return all.reduce((sum, one) => sum + one, 0);
}
