// Every conformance case. Each runs on each engine and transport: what a case says about the SDK
// holds everywhere, or its `where` says where.
import { channels } from './channel.test.js';
import { loading } from './loader.test.js';
import { smoke } from './smoke.test.js';
import { spaces } from './space.test.js';
import { spawning } from './spawn.test.js';

/** @typedef {import('./env.js').Case} Case */
/** @typedef {import('./env.js').Setting} Setting */

/**
 * @param {Case[]} cases
 * @returns {Case[]} the same, all names told apart
 */
function unique(cases) {
  const names = new Set();
  for (const { name } of cases) {
    if (names.has(name)) throw new Error(`two conformance cases are named '${name}': rename one`);
    names.add(name);
  }
  return cases;
}

export const suite = unique([...smoke, ...loading, ...spaces, ...spawning, ...channels]);

/** @type {(one: Case, setting: Setting) => boolean} */
export const runsIn = (one, setting) => one.where?.(setting) ?? true;

/** @param {string} name */
export function caseNamed(name) {
  const found = suite.find((one) => one.name === name);
  if (!found) throw new Error(`no conformance case is named '${name}'`);
  return found;
}
