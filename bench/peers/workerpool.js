/** workerpool: dedicated workers that register functions, called by exec(). */

/** @type {import('./calls.js').Caller} */
export const workerpool = {
  name: 'workerpool',
  load: async () => {
    const { default: library } = await import('workerpool');
    return async (env, workers) => {
      const script = env.script('peers/workerpool.worker.js');
      const node = env.engine === 'node';
      const pool = library.pool(
        node ? process.getBuiltinModule('node:url').fileURLToPath(script) : script,
        {
          minWorkers: workers,
          maxWorkers: workers,
          workerType: node ? 'thread' : 'web',
          ...(!node && { workerOpts: { type: 'module' } }),
        },
      );
      return {
        call: (name, argument) => /** @type {any} */ (pool.exec(name, [argument])),
        close: async () => {
          await pool.terminate(true);
        },
      };
    };
  },
};
