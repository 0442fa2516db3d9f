// build/test-results/<suite>.json: what each test runner leaves for scripts/summary.js.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** @typedef {{ name: string, engine: string, version: string, passed: number, failed: number }} Result */

const folder = new URL('../build/test-results/', import.meta.url);

/** @param {string} suite */
const file = (suite) => new URL(`${suite}.json`, folder);

/**
 * Call it before the run: then a run that dies leaves no result, instead of the last one's.
 * @param {string} suite
 */
export const clearResult = (suite) => rmSync(file(suite), { force: true });

/**
 * @param {string} suite
 * @param {Result} result
 */
export function writeResult(suite, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file(suite), `${JSON.stringify(result, null, 2)}\n`);
}
