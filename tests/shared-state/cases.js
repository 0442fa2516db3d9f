// The cases of examples/shared-state: each runs in Node and in three engines, on both transports.
import { deaths } from './death.cases.js';
import { metrics } from './metrics.cases.js';
import { pools } from './pool.cases.js';
import { states } from './state.cases.js';

/** @type {import('./env.js').Case[]} */
export const cases = [...states, ...deaths, ...pools, ...metrics];

/** @param {string} name @param {import('./env.js').Env} env */
export async function runCase(name, env) {
  const one = cases.find((each) => each.name === name);
  if (!one) throw new Error(`no case is named '${name}'`);
  await one.run(env);
}
