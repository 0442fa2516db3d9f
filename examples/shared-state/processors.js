/**
 * What a worker of a SharedMemoryWorkerPool runs: functions that its file serves by their names, and
 * functions that modules export. Each is called with one item and the state of the pool, and `this` is the
 * SDK's Call: `signal`, `cancelled`.
 *
 * @typedef {import('./state.js').SharedMemoryState} State
 * @typedef {(this: import('sluice').Call, item: any, state: State) => unknown} Processor
 */

import { SluiceError, serve } from 'sluice';
import { OF_MODULE } from './names.js';
import { SharedMemoryState } from './state.js';

/** @param {Record<string, Processor>} [functions] */
export function serveProcessors(functions = {}) {
  const attached = SharedMemoryState.attach();
  attached.catch(() => {}); // who started this worker is told

  let current = 0;
  /** @type {Promise<void>} */
  let heard;

  /** As it was when the batch was begun, or newer. @param {number} batch */
  async function stateFor(batch) {
    const state = await attached;
    if (batch !== current) heard = state.sync();
    current = batch;
    await heard;
    return state;
  }

  /** @type {import('sluice').Api} */
  const api = {
    /** @this {import('sluice').Call} @param {unknown} item @param {number} batch @param {string} url @param {string} name */
    async [OF_MODULE](item, batch, url, name) {
      const [run, state] = await Promise.all([load(url, name), stateFor(batch)]);
      return run.call(this, item, state);
    },
  };
  for (const [name, run] of Object.entries(functions)) {
    /** @this {import('sluice').Call} @param {unknown} item @param {number} batch */
    api[name] = async function (item, batch) {
      return run.call(this, item, await stateFor(batch));
    };
  }
  return serve(api);
}

/** @param {string} url @param {string} name @returns {Promise<Processor>} */
async function load(url, name) {
  let exported;
  try {
    exported = await import(url);
  } catch (cause) {
    throw new SluiceError(
      'load',
      `the module ${url} did not load in the worker: is it there, and does it import by addresses only, as no bundler has seen it?`,
      { cause },
    );
  }
  if (typeof exported[name] === 'function') return exported[name];
  throw new SluiceError(
    'mismatch',
    `the module ${url} exports no function "${name}"; it exports ${Object.keys(exported).join(', ') || 'nothing'}`,
  );
}
