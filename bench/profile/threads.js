/**
 * V8's profiler in Node's main thread, or in a page, and in each worker that starts from then on, by the DevTools'
 * protocol: Node and Chromium speak it alike, but for a domain's name.
 *
 * @typedef {{functionName: string, url: string, lineNumber: number}} CallFrame
 * @typedef {{nodes: {id: number, callFrame: CallFrame}[], samples: number[], timeDeltas: number[]}} Profile
 * @typedef {{thread: string, profile: Profile}} Profiled `thread`: its script
 * @typedef {(method: string, params?: object) => Promise<any>} Post
 * @typedef {{post: Post, on(event: string, use: (params: any) => void): void}} Session
 * @typedef {{watch: [method: string, params: object], attached: string, received: string, detached: string, send: string}} Domain
 */

const INTERVAL_US = 200;

/** @param {Post} post */
async function start(post) {
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await post('Profiler.start');
}

/** @param {(message: string) => Promise<unknown>} send to a worker's session */
function openWorker(send) {
  /** @type {Map<number, (result: any) => void>} */
  const pending = new Map();
  let ids = 0;
  return {
    /** @type {Post} */
    post: (method, params) =>
      new Promise((resolve, reject) => {
        const id = ++ids;
        pending.set(id, resolve);
        send(JSON.stringify({ id, method, params })).catch(reject);
      }),
    /** @param {string} message */
    receive(message) {
      const { id, result } = JSON.parse(message);
      pending.get(id)?.(result);
      pending.delete(id);
    },
    /** Nobody answers any more. */
    end() {
      for (const resolve of pending.values()) resolve({});
    },
  };
}

/** @param {Session} session of the main thread @param {Domain} domain */
export async function startProfiles(session, domain) {
  /** @type {Profiled[]} */
  const done = [];
  /** @type {Map<string, ReturnType<typeof openWorker> & {stop(): Promise<void>}>} */
  const workers = new Map();

  session.on(domain.attached, async ({ sessionId, workerInfo, targetInfo = workerInfo }) => {
    const worker = openWorker((message) => session.post(domain.send, { sessionId, message }));
    /** @type {Promise<void> | undefined} */
    let stopped;
    const stop = async () => {
      const { profile } = await worker.post('Profiler.stop');
      // One that has ended by itself has taken it along.
      if (profile) done.push({ thread: targetInfo.url, profile });
    };
    workers.set(sessionId, { ...worker, stop: () => (stopped ??= stop()) });
    await start(worker.post);
    await worker.post('Runtime.runIfWaitingForDebugger');
  });
  session.on(domain.received, ({ sessionId, message }) => workers.get(sessionId)?.receive(message));
  session.on(domain.detached, ({ sessionId }) => {
    workers.get(sessionId)?.end();
    workers.delete(sessionId);
  });
  await start(session.post);
  await session.post(...domain.watch);

  /** Before any of them is terminated, which would take its profile along. */
  const stopWorkers = () => Promise.all([...workers.values()].map(({ stop }) => stop()));

  return {
    stopWorkers,
    async stop() {
      const { profile } = await session.post('Profiler.stop');
      return [{ thread: 'main', profile }, ...done];
    },
  };
}
