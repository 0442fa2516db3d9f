// Runs one conformance case in a page and gives its outcome as plain data.
import { DEADLINE } from './env.js';
import { caseNamed } from './suite.js';

/** @typedef {{ ok: true } | { ok: false, error: string, log: string[] }} Outcome error: with its stack */

/** What the running case has started: it ends with the case, as the page goes on. @type {Worker[]} */
let started = [];

/** @type {import('./env.js').Tools} */
const tools = {
  url: (path) => new URL(path, `${location.origin}/`).href,
  fault: (path) => new URL(path, `${location.origin}/faults/`).href,
  worker: (path) => {
    const address = new URL(path, new URL('workers/', import.meta.url));
    const worker = new Worker(address, { type: 'module' });
    started.push(worker);
    return worker;
  },
};

/** @param {any} error @returns {string} */
function textOf(error) {
  const title = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const code = error?.code === undefined ? '' : ` [${error.code}]`;
  // V8 starts a stack with the title; the others give the frames alone.
  const frames = String(error?.stack ?? '').replace(title, '');
  const cause = error?.cause === undefined ? '' : `\ncaused by ${textOf(error.cause)}`;
  return `${title}${code}\n${frames}${cause}`.replaceAll(`${location.origin}/`, '').trim();
}

/** @param {unknown} word */
function logged(word) {
  if (typeof word !== 'object' || word instanceof Error) return textOf(word);
  try {
    return JSON.stringify(word);
  } catch {
    return String(word);
  }
}

/** What the page reports while a case runs, to be shown when it fails. @type {string[]} */
let log = [];

for (const level of /** @type {const} */ (['error', 'warn'])) {
  const original = console[level];
  console[level] = (...words) => {
    log.push(`console.${level}: ${words.map(logged).join(' ')}`);
    original(...words);
  };
}
addEventListener('error', ({ message }) => log.push(`uncaught: ${message}`));
addEventListener('unhandledrejection', ({ reason }) => log.push(`unhandled: ${textOf(reason)}`));

/** @param {Promise<void>} running */
async function withinDeadline(running) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`the case did not end within ${DEADLINE} ms`);
    timer = setTimeout(reject, DEADLINE, error);
  });
  await Promise.race([running, late]).finally(() => clearTimeout(timer));
}

/**
 * @param {string} name
 * @param {import('./env.js').Setting} setting
 * @returns {Promise<Outcome>}
 */
export async function run(name, setting) {
  log = [];
  started = [];
  try {
    await withinDeadline(caseNamed(name).run({ ...setting, ...tools }));
    return { ok: true };
  } catch (error) {
    return { ok: false, error: textOf(error), log };
  } finally {
    for (const worker of started) worker.terminate();
  }
}
