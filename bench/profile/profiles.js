/**
 * V8's profiler in the main thread, and in each worker that starts from then on.
 *
 * @typedef {{functionName: string, url: string, lineNumber: number}} CallFrame
 * @typedef {{nodes: {id: number, callFrame: CallFrame}[], samples: number[], timeDeltas: number[]}} Profile
 * @typedef {{thread: string, profile: Profile}} Profiled `thread`: its script
 */

import { watchWorkers } from '../devtools/workers.js';

const INTERVAL_US = 200;

/** @param {import('../devtools/workers.js').Post} post */
async function start(post) {
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await post('Profiler.start');
}

/** @param {import('../devtools/workers.js').Session} session @param {import('../devtools/workers.js').Domain} domain */
export async function startProfiles(session, domain) {
  /** @type {Profiled[]} */
  const done = [];
  /** Of each worker, once. @type {Set<() => Promise<void>>} */
  const stops = new Set();

  await start(session.post);
  await watchWorkers(session, domain, async ({ url, post }) => {
    await start(post);
    /** @type {Promise<void> | undefined} */
    let stopped;
    const stop = async () => {
      const { profile } = await post('Profiler.stop');
      // One that has ended by itself has taken it along.
      if (profile) done.push({ thread: url, profile });
    };
    stops.add(() => (stopped ??= stop()));
  });

  /** Before any of them is terminated, which would take its profile along. */
  const stopWorkers = () => Promise.all([...stops].map((stop) => stop()));

  return {
    stopWorkers,
    async stop() {
      await stopWorkers();
      const { profile } = await session.post('Profiler.stop');
      return [{ thread: 'main', profile }, ...done];
    },
  };
}
