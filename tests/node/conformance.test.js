// Runs the conformance suite in Node, over shared memory and over messages.
import { after, before, describe, test } from 'node:test';
import { Worker as NodeWorker } from 'node:worker_threads';
import { DEADLINE, nodeSetting } from '../conformance/env.js';
import { runsIn, suite } from '../conformance/suite.js';
import { clearResult, writeResult } from '../results.js';
import { startServers } from '../server.js';

/** @typedef {import('../conformance/suite.js').Case} Case */
/** @typedef {import('../conformance/env.js').Setting} Setting */
/** @typedef {import('../conformance/env.js').Tools} Tools */

const root = new URL('../../', import.meta.url);
const workers = new URL('../conformance/workers/', import.meta.url);
const scripts = new URL('../conformance/faults/', import.meta.url);

/** @type {import('../server.js').Servers} */
let servers;

/** @param {NodeWorker[]} started takes each worker that is made */
const toolsOf = (started) => ({
  url: /** @param {string} path */ (path) => new URL(path, root).href,
  // Workers start from files in Node, everything else is fetched.
  fault: /** @param {string} path */ (path) =>
    new URL(path, path.endsWith('.js') ? scripts : `${servers.isolated}/faults/`).href,
  worker: /** @param {string} path */ (path) => {
    const worker = new NodeWorker(new URL(path, workers));
    started.push(worker);
    return /** @type {any} */ (worker);
  },
});

/**
 * @param {Case} one
 * @param {Setting} setting
 */
async function runCase(one, setting) {
  /** @type {NodeWorker[]} */
  const started = [];
  try {
    await one.run({ ...setting, ...toolsOf(started) });
  } finally {
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

/** @param {'shared' | 'message'} transport */
function runSuite(transport) {
  const name = `node-${transport}`;
  const setting = nodeSetting(transport);
  const cases = suite.filter((one) => runsIn(one, setting));
  let passed = 0;
  clearResult(name);
  describe(`Node over ${transport === 'shared' ? 'shared memory' : 'messages'}`, () => {
    for (const one of cases)
      test(one.name, { timeout: DEADLINE }, async ({ signal }) => {
        await runCase(one, setting);
        if (!signal.aborted) passed++;
      });
    after(() => {
      const failed = cases.length - passed;
      const title = `node ${transport}`;
      writeResult(name, {
        name: title,
        engine: 'node',
        version: process.versions.node,
        passed,
        failed,
      });
    });
  });
}

before(async () => {
  servers = await startServers();
});
runSuite('shared');
runSuite('message');
after(async () => {
  await servers.close();
  failIfAlive();
});

// A worker or a timer that the SDK leaves behind would keep the program from its end.
function failIfAlive() {
  const timer = setTimeout(() => {
    const what = process.getActiveResourcesInfo().filter((name) => name !== 'TTYWrap');
    console.error(`after all cases this still keeps Node alive: ${what.join(', ')}`);
    process.exit(1);
  }, 5000);
  timer.unref();
}
