/** piscina and tinypool: pools over Node's threads, whose workers export functions. tinypool is a smaller piscina, with its API. */

/**
 * @param {string} name
 * @param {() => Promise<new (options: {filename: string, minThreads: number, maxThreads: number}) => {
 *   run(argument: any, options: {name: string}): Promise<any>, destroy(): Promise<void>,
 * }>} load
 * @returns {import('./calls.js').Caller}
 */
const overThreads = (name, load) => ({
  name,
  engines: ['node'],
  cannot: "it is over Node's worker_threads",
  load: async () => {
    const Pool = await load();
    return async (env, workers) => {
      const pool = new Pool({
        filename: env.script('peers/served.js'),
        minThreads: workers,
        maxThreads: workers,
      });
      return {
        call: (name, argument) => pool.run(argument, { name }),
        close: () => pool.destroy(),
      };
    };
  },
});

export const piscina = overThreads('piscina', async () => (await import('piscina')).Piscina);
export const tinypool = overThreads('tinypool', async () => (await import('tinypool')).Tinypool);
