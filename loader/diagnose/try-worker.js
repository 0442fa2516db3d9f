/** Starts a worker, gives it memory, wakes it from a wait: what does not work is a problem. */

import { blobWorker, fileAddress, fileWorker } from '#diagnose-host';
import { watchWorker } from '#platform';
import { canShare } from '../memory.js';
import { checkScript } from './script.js';

/** @typedef {import('./index.js').Problem} Problem */

const PATIENCE = 10_000;

/**
 * @typedef {{started: boolean, shared: boolean, woken: boolean, why: string}} Outcome `why`: what went wrong
 *
 * @param {WebAssembly.Memory | undefined} memory
 * @returns {Promise<{sharable: boolean, shared: boolean, problems: Problem[]}>} `sharable`: it can be posted;
 *   `shared`: and a worker has it
 */
export async function tryWorker(memory) {
  const sharable = memory !== undefined && canShare(memory);
  const given = sharable ? memory : undefined;
  const policy = watchPolicy();
  const file = await attempt(fileWorker, given);
  const directive = file.started ? '' : await policy.directive();
  policy.end();
  if (file.started) {
    return { sharable, shared: file.shared, problems: aboutMemory(file, sharable) };
  }
  const problems = await whyNot(file, directive);
  const blob = await attempt(blobWorker, given);
  const theirs = problems.map(asOfThisFile);
  if (!blob.started) return { sharable, shared: sharable, problems: theirs };
  // Workers start, only not from a file of this package: their users have files of their own.
  return {
    sharable,
    shared: blob.shared,
    problems: [...theirs, ...aboutMemory(blob, sharable)],
  };
}

/**
 * A file of this package that is missing harms nobody: others have an inlined copy, and users files of
 * their own.
 *
 * @param {Problem} problem
 * @returns {Problem}
 */
const asOfThisFile = (problem) =>
  ELSEWHERE.includes(problem.code) ? { ...problem, severity: 'warning' } : problem;

const ELSEWHERE = ['worker-missing', 'worker-type', 'worker-cross-origin', 'worker-unreachable'];

/** @param {Outcome} outcome @param {boolean} sharable @returns {Problem[]} */
function aboutMemory({ shared, woken, why }, sharable) {
  if (!sharable) return [];
  if (!shared) {
    return [
      {
        code: 'memory-lost',
        severity: 'error',
        message: `a worker did not get the memory that was posted to it: ${why}`,
        fix: 'report this: the browser lets memory be posted, and a worker does not receive it',
      },
    ];
  }
  if (woken) return [];
  return [
    {
      code: 'no-wait',
      severity: 'warning',
      message: `a worker that waits in shared memory is not woken: ${why}`,
      fix: 'do not use the *Sync calls and blocking pools here, and report this',
    },
  ];
}

/** WebKit tells only after it has refused. In ms. */
const LATE = 100;

/**
 * Notes what the Content-Security-Policy forbids.
 *
 * @returns {{directive(): Promise<string>, end(): void}} `directive`: which one has, if any
 */
function watchPolicy() {
  /** @type {(directive: string) => void} */
  let tell = () => {};
  const told = new Promise((resolve) => {
    tell = resolve;
  });
  /** @param {any} event */
  const note = ({ effectiveDirective }) => tell(effectiveDirective);
  globalThis.addEventListener?.('securitypolicyviolation', note);
  return {
    directive() {
      setTimeout(tell, LATE, '');
      return told;
    },
    end: () => globalThis.removeEventListener?.('securitypolicyviolation', note),
  };
}

/** @param {Outcome} outcome @param {string} directive @returns {Promise<Problem[]>} */
async function whyNot({ why }, directive) {
  const { href } = fileAddress();
  if (directive) {
    return [
      {
        code: 'csp-worker',
        severity: 'error',
        message: `the Content-Security-Policy forbids the worker ${href} by ${directive}`,
        fix: `Content-Security-Policy: worker-src 'self' (and blob: for inlined workers)`,
      },
    ];
  }
  const found = await checkScript(href);
  if (found.length > 0) return found;
  return [
    {
      code: 'worker-failed',
      severity: 'error',
      message: `a worker did not start from ${href}: ${why}`,
      fix: 'look into the console; where a bundler took the file along, its worker must be a module',
    },
  ];
}

/**
 * @param {() => Worker} make
 * @param {WebAssembly.Memory | undefined} memory to be given to it
 * @returns {Promise<Outcome>}
 */
async function attempt(make, memory) {
  const outcome = { started: false, shared: false, woken: false, why: '' };
  const words = memory && new Int32Array(memory.buffer);
  words?.fill(0);
  let worker;
  try {
    worker = make();
  } catch (error) {
    return { ...outcome, why: String(error) };
  }
  let stop = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  outcome.why = await new Promise((resolve) => {
    timer = setTimeout(() => resolve(`it did not answer within ${PATIENCE} ms`), PATIENCE);
    stop = watchWorker(worker, {
      message(data) {
        if (data.at === 'start') {
          outcome.started = true;
          if (words) worker.postMessage(words.buffer);
          else resolve('');
        } else if (data.at === 'added' && words) {
          // What it has written is seen here at once: it is one memory.
          outcome.shared = data.was === 0 && Atomics.load(words, 0) === 1;
          Atomics.store(words, 1, 1);
          Atomics.notify(words, 1);
          if (!outcome.shared) resolve('what it writes is not seen here');
        } else if (data.at === 'woken') {
          outcome.woken = data.how === 'ok' || data.how === 'not-equal';
          resolve(outcome.woken ? '' : data.how);
        } else {
          resolve('the message with the memory arrived broken');
        }
      },
      error: (message) => resolve(message || 'its script did not load'),
    });
  });
  clearTimeout(timer);
  stop();
  worker.terminate();
  return outcome;
}
