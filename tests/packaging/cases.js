// A suite of node:test that leaves its result for scripts/summary.js.
import { after, before, test } from 'node:test';
import { clearResult, writeResult } from '../results.js';

/**
 * @param {string} suite
 * @param {number} timeout of each case, in ms
 * @param {[name: string, run: () => Promise<void>][]} cases
 */
export function runCases(suite, timeout, cases) {
  let passed = 0;
  before(() => clearResult(suite));
  for (const [name, check] of cases)
    test(name, { timeout }, async () => {
      await check();
      passed++;
    });
  after(() => {
    const version = process.versions.node;
    const failed = cases.length - passed;
    writeResult(suite, { name: suite, engine: 'node', version, passed, failed });
  });
}
