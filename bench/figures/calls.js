/** Calls of a function that gives back its argument, one at a time and 64 in flight, by each peer. */

import { contest, rateOf } from '../contest.js';
import { inTime } from '../deadline.js';
import { callers, openCaller, whyNot } from '../peers/calls.js';

const IN_FLIGHT = [1, 64];
const ROUND_MS = 80;

/** What Sluice's calls at 64 in flight are to be, times a peer's. */
const TARGETS = {
  node: { piscina: 8 },
  chromium: { comlink: 10, workerpool: 10 },
  firefox: { comlink: 4, workerpool: 4 },
  webkit: { comlink: 4, workerpool: 4 },
};

/** @param {import('./../team.js').Env} env */
export async function calls(env) {
  const counts = { rounds: env.quick ? 5 : 9, warm: env.quick ? 2 : 4 };
  /** @type {Record<string, string>} */
  const unable = {};
  const open = [];
  try {
    for (const caller of callers) {
      const reason = whyNot(caller, env.engine);
      if (reason) unable[caller.name] = reason;
      else open.push({ ...caller, ...(await inTime(caller.name, openCaller(caller, env, 1))) });
    }
    const lines = [];
    for (const inFlight of env.quick ? [64] : IN_FLIGHT) {
      const job = { name: 'calls', unit: '1/s', params: { workers: 1, inFlight } };
      const contenders = open.map(({ name, note, call }) => ({
        name,
        note,
        run: rateOf((count) => callMany(call, count, inFlight), ROUND_MS),
      }));
      lines.push(
        ...(await contest(job, contenders, counts, unable, (peer) => {
          /** @type {Record<string, number>} */
          const targets = TARGETS[env.engine];
          return inFlight === 64 && targets[peer] ? { at_least: targets[peer] } : undefined;
        })),
      );
    }
    return lines;
  } finally {
    for (const { close } of open) await close();
  }
}

/** @param {import('../peers/calls.js').Open['call']} call @param {number} count @param {number} inFlight */
async function callMany(call, count, inFlight) {
  let next = 0;
  async function caller() {
    while (next < count) {
      const n = next++;
      const got = await call('echo', n);
      if (got !== n) throw new Error(`the call with ${n} gave ${got}`);
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller));
}
