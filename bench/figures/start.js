/** A space and its first worker, against a worker that only says that it runs. */

import { line } from '../line.js';
import { inTurns, median, ratio } from '../stats.js';
import { openFrame } from './frame.js';

const COUNTS = { rounds: 15, warm: 3 };
const TARGET = { at_most: 1.3 };

/** @typedef {'bare' | 'oneByOne' | 'together'} Way */

/** @param {import('../team.js').Env} env */
export async function start(env) {
  const measure = (/** @type {Way} */ way) => () =>
    env.engine === 'node' ? inThread(env, way) : inFrame(env, way);
  const times = await inTurns(
    {
      bare: measure('bare'),
      oneByOne: measure('oneByOne'),
      together: measure('together'),
    },
    COUNTS,
  );
  const params = { ...COUNTS, realm: env.engine === 'node' ? 'the same' : 'new' };
  return [
    line('start.worker.bare', median(times.bare), 'ms', params),
    line('start.worker.one_by_one', median(times.oneByOne), 'ms', params),
    line('start.worker.together', median(times.together), 'ms', params),
    line('start.worker.one_by_one.of_bare', ratio(times.oneByOne, times.bare), 'ratio', params),
    line(
      'start.worker.together.of_bare',
      ratio(times.together, times.bare),
      'ratio',
      params,
      TARGET,
    ),
  ];
}

/** @param {import('../team.js').Env} env @param {Way} way */
async function inFrame(env, way) {
  const { ms, close } = await openFrame(env, way);
  close();
  return ms;
}

/** @param {import('../team.js').Env} env @param {Way} way */
const inThread = async (env, way) => (await import('../roles/start.js'))[way](env.worker);
