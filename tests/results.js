// build/test-results/<suite>.json: what each test runner leaves for scripts/summary.js.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** @typedef {{ name: string, engine: string, version: string, passed: number, failed: number }} Result */

const folder = new URL('../build/test-results/', import.meta.url);
/** Tells a run of the same suites on another core.wasm apart. */
const prefix = process.env.SLUICE_RESULTS ? `${process.env.SLUICE_RESULTS}-` : '';

/** @param {string} suite */
const file = (suite) => new URL(`${prefix}${suite}.json`, folder);

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
  const named = { ...result, name: prefix + result.name };
  writeFileSync(file(suite), `${JSON.stringify(named, null, 2)}\n`);
}
