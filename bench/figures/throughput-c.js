/**
 * 64-byte messages from worker to worker where C is at an end of the channel, beside ringbuf.js in JavaScript; and
 * the limits: C at both ends, and a sender in JavaScript which nobody reads from at the same time.
 */

import { rateOf, ratios } from '../contest.js';
import { loadKernel } from '../kernel.js';
import { peerLine, SLUICE } from '../line.js';
import { ringbuf } from '../peers/ringbuf.js';
import { fromC, inC, toC } from '../peers/sluice-c.js';
import { inTurns } from '../stats.js';
import { withTeam } from '../team.js';
import { openStream } from './throughput.js';

const BYTES = 64;
const ROUND_MS = 80;
const MOST = 2 ** 20;
/** Of ringbuf.js's rate. */
const TARGET = { at_least: 10 };
const ALONE = 'alone';
/** For the limits, none is set. */
const WAYS = [
  { stream: fromC, params: { from: 'C', to: 'JavaScript' }, target: TARGET },
  { stream: toC, params: { from: 'JavaScript', to: 'C' }, target: TARGET },
  { stream: inC, params: { from: 'C', to: 'C' } },
  { stream: { name: ALONE }, params: { from: 'JavaScript', to: 'the same thread afterwards' } },
];

const IN_JAVASCRIPT = {
  name: ringbuf.name,
  note: 'beside channels with C at an end, still in JavaScript at both',
};

/** @param {import('../team.js').Env} env */
export async function throughputC(env) {
  const wasm = await loadKernel(env);
  const counts = { rounds: env.quick ? 5 : 7, warm: 3 };
  return withTeam(env, 3, { wasm, bytes: 2 ** 22 }, async (_space, ...members) => {
    // A thread with several senders is slower at each.
    const [, , alone] = members;
    const theirs = await openStream(members, ringbuf, BYTES);
    /** @type {Record<string, () => Promise<number>>} */
    const contenders = { [ringbuf.name]: rateOf(theirs, ROUND_MS, MOST) };
    for (const { stream } of WAYS) {
      if (!('link' in stream)) continue;
      const ours = await openStream(members, stream, BYTES);
      contenders[stream.name] = rateOf(ours, ROUND_MS, MOST);
    }
    contenders[ALONE] = () => alone.call('pipeAlone', SLUICE, BYTES);
    const all = await inTurns(contenders, counts);
    return WAYS.flatMap(({ stream, params, target }) => {
      const rounds = { [ringbuf.name]: all[ringbuf.name], [SLUICE]: all[stream.name] };
      const job = { name: 'throughput', unit: '1/s', params: { bytes: BYTES, ...params } };
      const said = { ...job.params, ...counts };
      return [
        peerLine(job.name, IN_JAVASCRIPT, rounds[ringbuf.name], job.unit, said),
        peerLine(job.name, { name: SLUICE }, rounds[SLUICE], job.unit, said),
        ...ratios(job, rounds, said, () => target),
      ];
    });
  });
}
