/** One worker sends everything to each of 1, 2 and 4 others. */

import { contest, rateOf } from '../contest.js';
import { pipes } from '../peers/pipe.js';
import { openTeams } from '../teams.js';

const RECEIVERS = [1, 2, 4];
const BYTES = 64;
const ROUND_MS = 80;
/** What each receiver's ring holds, so that one that waits for the processor keeps nobody from the others. */
const MOST = 4096;

/** @param {import('../team.js').Env} env */
export async function fanOut(env) {
  const able = pipes.filter(({ sender }) => sender);
  const counts = { rounds: 5, warm: 3 };
  const lines = [];
  for (const receivers of env.quick ? [2] : RECEIVERS) {
    const teams = await openTeams(env, receivers + 1, able);
    try {
      const contenders = [];
      for (const peer of able) {
        const work = await openFan(teams.of(peer).members, peer);
        contenders.push({ ...peer, run: rateOf(work, ROUND_MS, MOST) });
      }
      const job = { name: 'fan_out', unit: '1/s', params: { bytes: BYTES, receivers } };
      lines.push(...(await contest(job, contenders, counts)));
    } finally {
      await teams.close();
    }
  }
  return lines;
}

/** @param {import('../team.js').Member[]} members the first sends @param {import('../peers/pipe.js').Pipe} peer */
async function openFan([source, ...sinks], peer) {
  const labels = sinks.map((_, i) => `fan ${i} by ${peer.name}`);
  for (const [i, sink] of sinks.entries()) {
    const [near, far] = peer.link(BYTES, labels[i]);
    await source.post(
      'pipeStream',
      [peer.name, 'sender', labels[i], near.end, BYTES],
      near.transfer ?? [],
    );
    await sink.post(
      'pipeStream',
      [peer.name, 'receiver', labels[i], far.end, BYTES],
      far.transfer ?? [],
    );
  }
  return (/** @type {number} */ count) =>
    Promise.all([
      ...sinks.map((sink, i) => sink.call('pipeRun', labels[i], count)),
      source.call('pipeFan', labels, count),
    ]);
}
