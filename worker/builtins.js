/** What a pool calls in its workers beside what they serve. */

import { runGrains } from './grains.js';
import { transfer, transfersOf } from './marks.js';

/** Calls a served function for each item of a list: a pool's chunks. */
export const EACH = '$each';
/** Computes with the space's module: a pool's parallel(). */
export const PARALLEL = '$parallel';

/**
 * @param {string} name
 * @param {(name: string) => Function} served
 * @returns {Function | undefined}
 */
export function builtin(name, served) {
  if (name === EACH) return each;
  return name === PARALLEL ? runGrains : undefined;

  /** @this {import('./runner.js').Call} @param {string} of @param {unknown[]} items */
  async function each(of, items) {
    const call = served(of);
    /** @type {unknown[]} */
    const results = [];
    for (const item of items) {
      if (this.cancelled) break;
      results.push(await call.call(this, item));
    }
    return transfer(results, results.flatMap(transfersOf));
  }
}
