/** A pool's parallel(): the space's module over a range, on all workers at once. */

import { hasCode } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { LARGEST, requireNumber } from '../loader/options.js';
import { watch } from '../loader/wait.js';
import { PARALLEL } from './builtins.js';
import { entryOf, JOB_BYTES, JOB_STOP, runHere } from './grains.js';

/** Grains for each worker, where nobody says how large they are: the last ones end together. */
const GRAINS = 32;

/**
 * @typedef {import('./caller.js').CallOptions & {grain?: number}} ParallelOptions `grain`: so many are
 *   computed in one call of the C function; what is cancelled ends between two
 * @typedef {{promise: Promise<unknown>, left: Promise<void>, gone: Promise<void>, withdraw(): void}} Part
 *   what one worker does: `left` when it has ended or the worker was terminated, `gone` when it has
 *   ended or the worker is dead, whatever `promise` has said; `withdraw`: not to be begun any more
 */

/**
 * Ends, well or not, when nobody computes any more, or who went on was terminated.
 *
 * @param {import('../loader/space.js').Space} space
 * @param {number} size workers
 * @param {(name: string, args: unknown[], options: import('./caller.js').CallOptions) => Part} start
 * @param {string} entry
 * @param {number} count
 * @param {number[]} args
 * @param {ParallelOptions} options
 */
export async function parallelOver(space, size, start, entry, count, args, options) {
  const { grain = Math.max(1, Math.ceil(count / (size * GRAINS))), retry = 0, signal } = options;
  requireNumber('count', count, 0, LARGEST);
  requireNumber('grain', grain, 1, LARGEST);
  signal?.throwIfAborted();
  entryOf(space, entry);
  const job = { entry, count, grain, args, block: 0 };
  if (space.transport === 'message') return here(space, job, options);
  for (let left = retry; ; left--) {
    try {
      return await everywhere(space, size, start, job, options);
    } catch (error) {
      if (!hasCode(error, 'peer-lost') || left <= 0) throw error;
    }
  }
}

/**
 * @param {import('../loader/space.js').Space} space
 * @param {number} size
 * @param {(name: string, args: unknown[], options: import('./caller.js').CallOptions) => Part} start
 * @param {import('./grains.js').Job} job
 * @param {ParallelOptions} options
 */
async function everywhere(space, size, start, job, { signal, timeout, priority }) {
  const internals = inside(space);
  const { thread } = internals;
  const block = thread.alloc(JOB_BYTES); // zeroed
  const workers = Math.min(size, Math.ceil(job.count / job.grain));
  const parts = Array.from({ length: workers }, () =>
    start(PARALLEL, [{ ...job, block }], { signal, timeout, priority }),
  );
  const withdraw = () => {
    for (const part of parts) part.withdraw();
  };
  try {
    // When one has found no more grains, those who have not begun need not.
    await Promise.all(parts.map(({ promise }) => promise.then(withdraw)));
  } catch (error) {
    if (!internals.closed) Atomics.store(thread.i32, (block + JOB_STOP) >> 2, 1);
    withdraw();
    throw error;
  } finally {
    // Until then it is theirs.
    Promise.all(parts.map(({ gone }) => gone)).then(() => {
      if (!internals.closed) thread.free(block);
    });
    await Promise.all(parts.map(({ left }) => left));
  }
}

/**
 * @param {import('../loader/space.js').Space} space
 * @param {import('./grains.js').Job} job
 * @param {ParallelOptions} options
 */
async function here(space, job, { signal, timeout }) {
  const abort = new AbortController();
  const end = watch({ signal, timeout }, `${job.entry}()`, (reason) => abort.abort(reason));
  try {
    await runHere(space, job, abort.signal);
  } finally {
    end();
  }
}
