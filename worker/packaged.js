/** The packaged compute worker: from its file, or where that does not load, from a copy in a script. */

import { computeWorker, inlinedComputeWorker } from '#host';
import { hasCode, SluiceError } from '../loader/errors.js';
import { spawn } from '../loader/spawn.js';

let make = computeWorker;

/**
 * @param {import('../loader/space.js').Space} space
 * @param {import('../loader/wait.js').Wait} wait
 */
export async function startPackaged(space, wait) {
  const tried = make;
  try {
    return await spawn(space, tried, wait);
  } catch (error) {
    if (tried !== computeWorker || !hasCode(error, 'load')) throw error;
    try {
      const inlined = await inlinedComputeWorker();
      const peer = await spawn(space, inlined, wait);
      make = inlined;
      return peer;
    } catch {
      throw new SluiceError('load', `the packaged compute worker: ${error.message}; ${WAYS}`, {
        cause: error,
      });
    }
  }
}

const WAYS =
  'publish it, or let the CSP have worker-src blob: for its inlined copy, or give pool() a worker of your own whose script is: import "sluice/compute-worker"';
