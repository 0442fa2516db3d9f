/** Which engines and which figures a run takes. */

import { figures } from './figures.js';

/** @typedef {import('./team.js').EngineName} EngineName */

export const ALL = /** @type {EngineName[]} */ (['node', 'chromium', 'firefox', 'webkit']);

/** What QUICK=1 takes: the jobs that tell most. */
const QUICK = ['clock', 'throughput', 'latency', 'calls', 'sync'];

/** Of the environment's ENGINES. @param {EngineName[]} byDefault @returns {EngineName[]} */
export function chosenEngines(byDefault) {
  const names = (process.env.ENGINES ?? '').split(/[\s,]+/).filter(Boolean);
  const unknown = names.find((name) => !ALL.includes(/** @type {EngineName} */ (name)));
  if (unknown) throw new Error(`ENGINES names ${unknown}, and may name ${ALL.join(', ')}`);
  return names.length > 0 ? /** @type {EngineName[]} */ (names) : byDefault;
}

/** Those whose name contains one of the words; without any, all of them or, with QUICK=1, a few. @param {string[]} words */
export const chosenParts = (words) =>
  Object.keys(figures).filter((name) =>
    words.length > 0
      ? words.some((word) => name.includes(word))
      : process.env.QUICK !== '1' || QUICK.includes(name),
  );
