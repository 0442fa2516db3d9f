/**
 * A space and its first worker, against a worker that only says that it runs; and in browsers beside what any module in a
 * worker takes.
 */

import { line } from '../line.js';
import { inTurns, median, ratio } from '../stats.js';
import { openFrame } from './frame.js';

const COUNTS = { rounds: 15, warm: 3 };
const TARGET = { at_most: 1.3 };
const BY_HAND = 'a module by hand';

/** @typedef {'bare' | 'oneByOne' | 'together'} Way */

/** @param {import('../team.js').Env} env */
export async function start(env) {
  const measure = (/** @type {Way} */ way) => () =>
    env.engine === 'node' ? inThread(env, way) : inFrame(env, way);
  /** @type {Record<string, () => Promise<number>>} */
  const ways = {
    bare: measure('bare'),
    oneByOne: measure('oneByOne'),
    together: measure('together'),
  };
  // In Node the module is compiled already.
  if (env.engine !== 'node') ways.byHand = () => inFrame(env, 'byHand', env.url('dist/core.wasm'));
  const times = await inTurns(ways, COUNTS);
  const params = { ...COUNTS, realm: env.engine === 'node' ? 'the same' : 'new' };
  const byHand = times.byHand && [
    line('start.worker.by_hand', median(times.byHand), 'ms', params, undefined, BY_HAND),
    line(
      'start.worker.by_hand.of_bare',
      ratio(times.byHand, times.bare),
      'ratio',
      params,
      undefined,
      BY_HAND,
    ),
  ];
  return [
    ...(byHand ?? []),
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

/** @param {import('../team.js').Env} env @param {Way | 'byHand'} way @param {string[]} words */
async function inFrame(env, way, ...words) {
  const { ms, close } = await openFrame(env, way, ...words);
  close();
  return ms;
}

/** @param {import('../team.js').Env} env @param {Way} way */
const inThread = async (env, way) => (await import('../roles/start.js'))[way](env.worker);
