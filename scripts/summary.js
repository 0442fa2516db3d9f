// Adds up build/test-results/: one table, a row for each suite, and an error for each that is
// missing, ran nothing or failed. Without arguments it expects all suites, else those named.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { projects } from '../tests/browser/projects.js';
import { projects as packaging } from '../tests/packaging/projects.js';

/** @typedef {import('../tests/results.js').Result} Result */

const EXPECTED = [
  'core',
  'weak',
  'models',
  'fuzz',
  'mutate',
  'hosts',
  'core-wasm',
  'core-wasm-validate',
  'darkswap-engine',
  'clang19-core-wasm',
  'clang19-node-shared',
  'clang19-node-message',
  'node-shared',
  'node-message',
  'shared-state-shared',
  'shared-state-message',
  'random-shared',
  'random-message',
  'lifetime',
  ...projects.map(({ name }) => name),
  'packaging',
  'recipes',
  'packaging-runtimes',
  'bench-compare',
  ...packaging.map(({ name }) => name),
];

const folder = new URL('../build/test-results/', import.meta.url);

/** @param {any} value */
const isResult = (value) =>
  typeof value?.name === 'string' &&
  Number.isSafeInteger(value.passed) &&
  Number.isSafeInteger(value.failed);

/**
 * @param {string} suite
 * @returns {{ result: Result, problem?: string }} a suite without a result counts as one failure
 */
function read(suite) {
  const none = { name: suite, engine: '', version: '', passed: 0, failed: 1 };
  const file = `${suite}.json`;
  let result;
  try {
    result = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const missing = `${suite} left no result: it did not run, or died`;
    return { result: none, problem: code === 'ENOENT' ? missing : `${file}: ${error}` };
  }
  if (!isResult(result)) return { result: none, problem: `${file} is no test result` };
  if (result.passed + result.failed === 0)
    return { result: { ...result, failed: 1 }, problem: `${suite} ran no test` };
  if (result.failed > 0) return { result, problem: `${suite} failed ${result.failed}` };
  return { result };
}

/** @param {string[][]} rows of equal length; the first is the heading */
function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  /** @param {string} cell @param {number} i */
  const pad = (cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !EXPECTED.includes(name));
if (unknown.length > 0) {
  const script = basename(process.argv[1]);
  console.error(
    `${script}: no suite is named ${unknown.join(', ')}; they are ${EXPECTED.join(', ')}`,
  );
  process.exit(1);
}

const outcomes = (named.length > 0 ? named : EXPECTED).map(read);
const results = outcomes.map(({ result }) => result);
/** @param {'passed' | 'failed'} key */
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const rows = results.map(({ name, version, passed, failed }) => [
  name,
  version ?? '',
  String(passed),
  String(failed),
]);

console.log(table([['suite', 'version', 'passed', 'failed'], ...rows]));
for (const { problem } of outcomes) if (problem) console.log(`problem: ${problem}`);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
