/** Messages one way, from worker to worker, of 8 bytes to 1 MiB: by each peer that can. */

import { contest, rateOf } from '../contest.js';
import { pipes } from '../peers/pipe.js';
import { pthread } from '../peers/pthread.js';
import { openTeams } from '../teams.js';

const SIZES = [8, 64, 1024, 65_536, 1_048_576];
const QUICK_SIZES = [64];
const ROUND_MS = 80;
/** Of ringbuf.js's rate, for small records. */
const TARGET = { at_least: 5 };
/** What a queue of messages may take of the heap at once. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST = 2 ** 20;

/** @param {import('../team.js').Env} env */
export async function throughput(env) {
  const able = pipes.filter(({ sender }) => sender);
  const unable = Object.fromEntries(
    pipes.filter(({ sender }) => !sender).map((pipe) => [pipe.name, pipe.cannotStream ?? '']),
  );
  if (env.engine === 'node') unable[pthread.name] = pthread.cannot;
  const counts = { rounds: env.quick ? 5 : 7, warm: 3 };
  const lines = [];
  for (const size of env.quick ? QUICK_SIZES : SIZES) {
    const teams = await openTeams(env, 2, able);
    const program = env.engine === 'node' ? undefined : await pthread.openStream(env, size);
    try {
      const contenders = [];
      for (const peer of able) {
        const work = await openStream(teams.of(peer).members, peer, size);
        // Whoever has no ring queues all that is sent at once.
        const most = Math.min(MOST, Math.max(16, Math.floor(MOST_BYTES / size)));
        contenders.push({ ...peer, run: rateOf(work, ROUND_MS, most) });
      }
      if (program) {
        contenders.push({ ...pthread, run: rateOf(program.work, ROUND_MS, MOST) });
      }
      const job = { name: 'throughput', unit: '1/s', params: { bytes: size } };
      lines.push(
        ...(await contest(job, contenders, counts, unable, (peer) =>
          peer === 'ringbuf.js' && size === 64 ? TARGET : undefined,
        )),
      );
    } finally {
      program?.close();
      await teams.close();
    }
  }
  return lines;
}

/**
 * @param {import('../team.js').Member[]} members the first sends
 * @param {import('../peers/pipe.js').Stream} peer
 * @param {number} size
 */
export async function openStream([source, sink], peer, size) {
  // Several peers share the workers.
  const label = `stream by ${peer.name}`;
  const [near, far] = peer.link(size, label);
  const open = (
    /** @type {import('../team.js').Member} */ member,
    /** @type {string} */ role,
    /** @type {import('../peers/pipe.js').End} */ { end, transfer = [] },
  ) => member.post('pipeStream', [peer.name, role, label, end, size], transfer);
  await open(source, 'sender', near);
  await open(sink, 'receiver', far);
  return (/** @type {number} */ count) =>
    Promise.all([sink.call('pipeRun', label, count), source.call('pipeRun', label, count)]);
}
