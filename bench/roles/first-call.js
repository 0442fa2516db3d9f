/** The first call of a peer's worker, in a realm that may know nothing yet. */

import { callers } from '../peers/calls.js';

/** @param {Pick<import('../team.js').Env, 'engine' | 'worker' | 'script'>} env @param {string} name */
export async function firstCall(env, name) {
  const caller = callers.find((each) => each.name === name);
  if (!caller) throw new Error(`no peer is called ${name}`);
  // Whose library comes with the page is not what differs here.
  const open = await caller.load();
  const begin = performance.now();
  const { call, close } = await open(/** @type {any} */ (env), 1);
  const got = await call('echo', 7);
  const took = performance.now() - begin;
  if (got !== 7) throw new Error(`the first call gave ${got}`);
  await close();
  return took;
}
