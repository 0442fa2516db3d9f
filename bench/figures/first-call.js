/** From nothing to the first answer of a worker, by each peer: in a new frame each time, in Node in the same thread. */

import { contest } from '../contest.js';
import { callers, whyNot } from '../peers/calls.js';
import { openFrame } from './frame.js';

/** @param {import('../team.js').Env} env */
export async function firstCall(env) {
  const counts = env.quick ? { rounds: 5, warm: 1 } : { rounds: 9, warm: 2 };
  /** @type {Record<string, string>} */
  const unable = {};
  const contenders = [];
  for (const caller of callers) {
    const reason = whyNot(caller, env.engine);
    if (reason) unable[caller.name] = reason;
    else contenders.push({ ...caller, run: () => measure(env, caller.name) });
  }
  const job = {
    name: 'start.first_call',
    unit: 'ms',
    params: { realm: env.engine === 'node' ? 'the same' : 'new' },
    less: true,
  };
  return contest(job, contenders, counts, unable);
}

/** @param {import('../team.js').Env} env @param {string} peer */
async function measure(env, peer) {
  if (env.engine === 'node') return (await import('../roles/first-call.js')).firstCall(env, peer);
  const { ms, close } = await openFrame(env, 'firstCall', peer);
  close();
  return ms;
}
