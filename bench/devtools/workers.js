/**
 * The DevTools' protocol with each worker of a page, or of Node's main thread, that starts from now on. Node and
 * Chromium speak it alike, but for a domain's name.
 *
 * @typedef {(method: string, params?: object) => Promise<any>} Post
 * @typedef {{post: Post, on(event: string, use: (params: any) => void): void}} Session
 * @typedef {{watch: [method: string, params: object], attached: string, received: string, detached: string, send: string}} Domain
 * @typedef {{url: string, post: Post}} WorkerSession `post`: gives {} when the worker has ended
 */

/** @param {(message: string) => Promise<unknown>} send to the worker */
function open(send) {
  /** @type {Map<number, (result: any) => void>} */
  const pending = new Map();
  let ids = 0;
  let ended = false;
  return {
    /** @type {Post} */
    post: (method, params) =>
      new Promise((resolve, reject) => {
        if (ended) return resolve({});
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
    end() {
      ended = true;
      for (const resolve of pending.values()) resolve({});
    },
  };
}

/**
 * @param {Session} session of the main thread
 * @param {Domain} domain
 * @param {(worker: WorkerSession) => Promise<unknown>} [before] the worker's script runs
 * @returns {Promise<() => WorkerSession[]>} those that have not ended
 */
export async function watchWorkers(session, domain, before = async () => {}) {
  /** @type {Map<string, WorkerSession & ReturnType<typeof open>>} */
  const workers = new Map();
  session.on(domain.attached, async ({ sessionId, workerInfo, targetInfo = workerInfo }) => {
    const opened = open((message) => session.post(domain.send, { sessionId, message }));
    const worker = { url: targetInfo.url, ...opened };
    workers.set(sessionId, worker);
    await before(worker);
    await worker.post('Runtime.runIfWaitingForDebugger');
  });
  session.on(domain.received, ({ sessionId, message }) => workers.get(sessionId)?.receive(message));
  session.on(domain.detached, ({ sessionId }) => {
    workers.get(sessionId)?.end();
    workers.delete(sessionId);
  });
  await session.post(...domain.watch);
  return () => [...workers.values()];
}
