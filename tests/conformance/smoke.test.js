// What every other case stands on: the servers, the headers, the engines and the built files.
import { equal, ok, within } from './assert.js';
import * as sdk from './sdk.js';

/** @type {import('./env.js').Case[]} */
export const smoke = [
  {
    name: 'the package can be imported',
    run: async () => ok(Object.keys(sdk).length > 0, 'the exports of the package'),
  },
  {
    name: 'the page is isolated exactly where the server says so',
    where: ({ engine }) => engine !== 'node',
    run: async ({ isolated }) => equal(crossOriginIsolated, isolated),
  },
  {
    name: 'shared memory reaches a worker exactly where the page is isolated',
    run: async (env) => {
      const worker = env.worker('echo.js');
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      equal(
        await within(reachesWorker(worker, memory), 5000, 'the echo of a worker'),
        env.isolated,
      );
    },
  },
  {
    name: 'the fault routes answer',
    where: ({ engine }) => engine !== 'node',
    run: async ({ fault }) => {
      equal((await fetch(fault('404.js'))).status, 404);
      equal((await fetch(fault('html.wasm'))).headers.get('content-type'), 'text/html');
    },
  },
];

/**
 * @param {Worker} worker
 * @param {WebAssembly.Memory} memory
 * @returns {Promise<boolean>} whether a word written here is read there
 */
function reachesWorker(worker, memory) {
  return new Promise((resolve) => {
    /** @param {any} message */
    const answer = (message) => resolve((message?.data ?? message) === 42);
    if ('on' in worker) /** @type {any} */ (worker).on('message', answer);
    else worker.onmessage = answer;
    new Int32Array(memory.buffer)[0] = 42;
    try {
      worker.postMessage(memory.buffer);
    } catch {
      resolve(false);
    }
  });
}
