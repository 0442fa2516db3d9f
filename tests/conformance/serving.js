// Workers that serve workers/serve.js, and what the cases of calls, pools and death share.
import { equal, within } from './assert.js';
import { connect, create, pool, spawn } from './sdk.js';

/** @typedef {import('./env.js').Env} Env */
/** @typedef {typeof import('./workers/serve.js').api} Api */

/** @type {typeof Symbol.asyncDispose} */
export const DISPOSE = /** @type {any} */ (
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
);

/** @param {Env} env */
export const start = (env) => () => env.worker('serve.js');

/**
 * A space, a worker on it and what it serves; ended afterwards.
 *
 * @param {Env} env
 * @param {(remote: import('sluice').Remote<Api> & AsyncDisposable, peer: import('sluice').Peer, space: import('sluice').Space) => Promise<void>} use
 */
export async function withServer(env, use) {
  const space = await create(env.options);
  const peer = await spawn(space, start(env));
  try {
    await use(/** @type {any} */ (connect(peer)), peer, space);
  } finally {
    peer.worker.terminate();
    await space.close({ timeout: 5000 }).catch(() => {});
  }
}

/**
 * A space and a pool on it; ended afterwards.
 *
 * @param {Env} env
 * @param {import('sluice').PoolOptions} options
 * @param {(pool: import('sluice').Pool<Api>, space: import('sluice').Space) => Promise<void>} use
 * @param {() => Worker} [make]
 */
export async function withPool(env, options, use, make = start(env)) {
  const space = await create(env.options);
  /** @type {import('sluice').Pool<Api>} */
  const made = pool(space, make, options);
  try {
    await use(made, space);
  } finally {
    await made.close({ timeout: 0 }).catch(() => {});
    await space.close({ timeout: 5000 }).catch(() => {});
  }
}

/**
 * Waits for a condition, by turns of the event loop.
 *
 * @param {() => unknown} condition
 * @param {string} what
 */
export async function until(condition, what) {
  let stop = false;
  const met = async () => {
    while (!stop && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await within(met(), 12_000, what).finally(() => {
    stop = true;
  });
}

/** A signal to abort by hand. */
export function aborter() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (/** @type {unknown} */ r) => controller.abort(r) };
}

/** The bytes in use are what they were. @param {import('sluice').Space} space @param {number} base */
export async function settled(space, base) {
  await until(() => space.stats().used === base, `the ${space.stats().used} bytes, ${base} before`);
  equal(space.stats().used, base);
}
