/**
 * A C function over a range, by grains that whoever is free takes: all workers count on one counter,
 * so that nobody waits for the slowest and no message goes out for a grain.
 *
 * @typedef {{entry: string, count: number, grain: number, args: number[], block: number}} Job
 *   `block`: the address of the counter of the grains that are taken, and of a word that is not 0 any
 *   more when the work is to stop
 */

import { turn } from '#platform';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';

export const JOB_TAKEN = 0;
export const JOB_STOP = 4;
export const JOB_BYTES = 8;

/** How long a thread that has others things to do computes in one go, in milliseconds. */
const SLICE = 8;

/**
 * The function that the space's module exports.
 *
 * @param {import('../loader/space.js').Space} space
 * @param {string} entry
 * @returns {(...args: number[]) => unknown}
 */
export function entryOf(space, entry) {
  const exported = space.exports[entry];
  if (typeof exported === 'function') return /** @type {any} */ (exported);
  throw new SluiceError(
    'mismatch',
    `the space's module exports no function "${entry}": give create() a module that does`,
  );
}

/** In a worker, up to the end. @this {import('./runner.js').Call} @param {Job} job */
export function runGrains(job) {
  const space = this.space;
  if (!space) throw new SluiceError('closed', 'this worker has no space');
  const compute = entryOf(space, job.entry);
  const { thread } = inside(space);
  thread.reach(job.block + JOB_BYTES);
  const { i32 } = thread;
  const taken = (job.block + JOB_TAKEN) >> 2;
  const stop = (job.block + JOB_STOP) >> 2;
  const grains = Math.ceil(job.count / job.grain);
  try {
    while (Atomics.load(i32, stop) === 0) {
      const grain = Atomics.add(i32, taken, 1);
      if (grain >= grains) return;
      computeGrain(thread, compute, job, grain);
    }
  } catch (error) {
    Atomics.store(i32, stop, 1);
    throw error;
  }
}

/**
 * In this thread, which gets turns of its event loop.
 *
 * @param {import('../loader/space.js').Space} space
 * @param {Job} job
 * @param {AbortSignal | undefined} signal
 */
export async function runHere(space, job, signal) {
  const compute = entryOf(space, job.entry);
  const { thread } = inside(space);
  const grains = Math.ceil(job.count / job.grain);
  let began = performance.now();
  for (let grain = 0; grain < grains; grain++) {
    if (performance.now() - began > SLICE) {
      await turn();
      signal?.throwIfAborted();
      inside(space);
      began = performance.now();
    }
    computeGrain(thread, compute, job, grain);
  }
}

/**
 * @param {import('../loader/thread.js').Thread} thread
 * @param {(...args: number[]) => unknown} compute
 * @param {Job} job
 * @param {number} grain
 */
function computeGrain({ exports, top }, compute, { count, grain: size, args }, grain) {
  try {
    compute(grain * size, Math.min((grain + 1) * size, count), ...args);
  } catch (error) {
    // A trap has left its frames on the stack, and nothing else of this thread is on it now.
    exports.sluice_stack_set(top);
    throw error;
  }
}
