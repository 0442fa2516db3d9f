/**
 * The entry "sluice/diagnose": what this page can do, found by doing it, and what to change where it
 * cannot. docs/isolation.md has all problems.
 *
 * @typedef {{
 *   readonly code: string, readonly severity: 'error' | 'warning', readonly message: string, readonly fix: string,
 * }} Problem `error`: memory cannot be shared, or workers do not start; `fix`: the header or setting to change
 *
 * @typedef {import('./features.js').Features} Features
 *
 * @typedef {{
 *   readonly transport: 'shared' | 'message', readonly isolated: boolean, readonly mayBlock: boolean,
 *   readonly cores: number, readonly features: Readonly<Features>, readonly problems: readonly Problem[],
 *   toString(): string,
 * }} Report `transport`: what create() would choose; `mayBlock`: this thread; `cores`: 1 to 64
 *
 * @typedef {{worker?: string | URL}} DiagnoseOptions `worker`: the address of a worker script of yours, whose
 *   response is looked at as well; it is not run
 */

import { cores, describe } from '#diagnose-host';
import { mayBlock, provesDeath } from '#platform';
import { findFeatures } from './features.js';
import { checkIsolation } from './isolation.js';
import { makeReport } from './report.js';
import { checkScript } from './script.js';
import { tryWorker } from './try-worker.js';

const MOST_CORES = 64;

/**
 * Finds out what is possible here: it starts a worker, gives it shared memory, lets it wait and wakes it,
 * and reads the headers of the responses that matter. It takes some 50 ms, and 10 s at most.
 *
 * @param {DiagnoseOptions} [options]
 * @returns {Promise<Report>} never rejects because of what it finds
 */
export async function diagnose({ worker } = {}) {
  const { features, memory, problems } = await findFeatures();
  const tried = await tryWorker(memory);
  const [about, script] = await Promise.all([
    tried.sharable ? [] : checkIsolation(memory !== undefined),
    worker === undefined ? [] : checkScript(worker),
  ]);
  const unproven = tried.shared && !(await provesDeath());
  if (unproven) {
    problems.push({
      code: 'no-locks',
      severity: 'error',
      message: 'the browser forbids Web Locks here, which prove that a thread has ended',
      fix: "let the site keep data in the browser's settings (cookies), or put allow-same-origin on the sandboxed frame",
    });
  }
  return makeReport({
    transport: tried.shared && !unproven ? 'shared' : 'message',
    isolated: /** @type {any} */ (globalThis).crossOriginIsolated ?? tried.shared,
    mayBlock: mayBlock(),
    cores: Math.min(Math.max(1, cores()), MOST_CORES),
    features: { ...features, sharedMemory: tried.shared },
    problems: [...about, ...tried.problems, ...script, ...problems],
    where: describe(),
  });
}
