/** poolifier-web-worker: a fixed pool, whose workers are ThreadWorkers. */

/** @type {import('./calls.js').Caller} */
export const poolifier = {
  name: 'poolifier-web-worker',
  note: 'its workers are given a window, without which it takes them for no browser',
  engines: ['chromium', 'firefox', 'webkit'],
  cannot: 'it needs the Worker of browsers, which Node does not have',
  load: async () => {
    const { FixedThreadPool, PoolEvents } = await import('poolifier-web-worker');
    return async (env, workers) => {
      const pool = new FixedThreadPool(workers, new URL(env.script('peers/poolifier.worker.js')), {
        errorEventHandler: (event) => console.error(event),
      });
      if (!pool.info.ready) {
        await new Promise((resolve) =>
          pool.eventTarget?.addEventListener(PoolEvents.ready, resolve, { once: true }),
        );
      }
      return {
        call: (name, argument) => pool.execute(argument, name),
        close: () => pool.destroy(),
      };
    };
  },
};
