/** What the engine is like: the step of its clock, its processors, whether the page is isolated. */

import { clockStep } from '../latency.js';
import { line } from '../line.js';

/** @param {import('../team.js').Env} env */
export async function clock(env) {
  const isolated = env.engine === 'node' || crossOriginIsolated;
  const params = { isolated, processors: navigatorCores() };
  return [{ ...line('clock.step', clockStep() * 1000, 'us', params), peer: 'engine' }];
}

const navigatorCores = () =>
  'navigator' in globalThis && navigator.hardwareConcurrency
    ? navigator.hardwareConcurrency
    : process.getBuiltinModule('node:os').availableParallelism();
