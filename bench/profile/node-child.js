/** One figure in Node, as ../run-node.js, with the profiler in each of its threads: the profiles go to the parent. */

import { Session } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { nodeEnv } from '../env-node.js';
import { figures } from '../figures.js';
import { startProfiles } from './profiles.js';

/** @type {import('../devtools/workers.js').Domain} */
const IN_NODE = {
  watch: ['NodeWorker.enable', { waitForDebuggerOnStart: true }],
  attached: 'NodeWorker.attachedToWorker',
  received: 'NodeWorker.receivedMessageFromWorker',
  detached: 'NodeWorker.detachedFromWorker',
  send: 'NodeWorker.sendMessageToWorker',
};

const session = new Session();
session.connect();

const profiles = await startProfiles(
  {
    post: (method, params) =>
      new Promise((resolve, reject) => {
        session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)));
      }),
    on: (event, use) => session.on(event, ({ params }) => use(params)),
  },
  IN_NODE,
);

const { terminate } = Worker.prototype;
Worker.prototype.terminate = async function () {
  await profiles.stopWorkers();
  return terminate.call(this);
};

await figures[process.argv[2]](nodeEnv);
process.send?.(await profiles.stop());
