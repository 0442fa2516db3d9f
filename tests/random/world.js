// What the strands of one thread share.
import { numberOf } from './log.js';

/**
 * @typedef {{
 *   program: import('./program.js').Program, thread: number, space: import('sluice').Space,
 *   log: ReturnType<typeof import('./log.js').makeLog>, tick(): Promise<void> | undefined,
 *   blocking: boolean, mayBlock: boolean, dead: AbortSignal,
 *   remotes: Map<number, any>, makeWorker?: () => Worker,
 * }} World `tick`: before each operation, and within some: the thread may have to die there; with a
 *   promise, it is to wait for its death. `blocking`: waits in the *Sync forms; `mayBlock`: they are there at all. `dead`: aborted when another
 *   thread has died. `remotes`: what other threads serve
 */

/**
 * @param {any} error
 * @param {unknown} [reason] of the operation's own abort
 * @returns {number} for the log; throws what is no error that an operation may end with
 */
export function codeNumber(error, reason) {
  const code = reason !== undefined && error === reason ? 'aborted' : error?.code;
  const number = numberOf(code);
  if (number < 1) throw error;
  return number;
}

/** A turn of the event loop. */
export const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Now and then an operation gets little time, or is aborted.
 *
 * @param {(below: number) => number} number
 * @returns {{wait: import('sluice').Wait | undefined, reason?: unknown, stop(): void}}
 */
export function someWait(number) {
  const kind = number(10);
  if (kind > 1) return { wait: undefined, stop() {} };
  if (kind === 1) return { wait: { timeout: number(4) }, stop() {} };
  const abort = new AbortController();
  const reason = new Error('enough of this');
  const timer = setTimeout(() => abort.abort(reason), number(3));
  return { wait: { signal: abort.signal }, reason, stop: () => clearTimeout(timer) };
}
