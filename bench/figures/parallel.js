/** parallel() on two workers against one, and what two plain workers reach by hand: the machine's limit. */

import { loadKernel } from '../kernel.js';
import { line } from '../line.js';
import { pool } from '../sdk.js';
import { inTurns, median, ratio } from '../stats.js';
import { withTeam } from '../team.js';

const COUNT = 16_384;
const COUNTS = { rounds: 9, warm: 2 };
const TARGET = { at_least: 1.8 };
/** As kernel.wasm is linked. */
const PAGES = { initial: 16, maximum: 1024 };

/** @param {import('../team.js').Env} env */
export async function parallel(env) {
  const module = await loadKernel(env);
  return withTeam(env, 2, { wasm: module, bytes: 2 ** 21 }, async (space, one, other) => {
    await Promise.all([one, other].map(({ call }) => call('kernelOpen', module, PAGES)));
    const { kernel, kernel_sum } = /** @type {any} */ (space.exports);
    kernel(0, COUNT);
    const sum = kernel_sum() >>> 0;

    /** Seconds. @param {() => Promise<number>} work gives the sum */
    async function time(work) {
      const begin = performance.now();
      const got = await work();
      const seconds = (performance.now() - begin) / 1000;
      if (got !== sum) throw new Error(`the kernel's sum is ${got}, not ${sum}`);
      return seconds;
    }

    const pools = [1, 2].map((size) => pool(space, undefined, { size, minSize: size }));
    /** @param {number} which */
    const inPool = (which) =>
      time(async () => {
        await pools[which].parallel('kernel', COUNT);
        return kernel_sum() >>> 0;
      });
    const half = COUNT / 2;
    try {
      const times = await inTurns(
        {
          byHandOne: () => time(() => one.call('kernelRun', 0, COUNT)),
          byHandTwo: () =>
            time(async () => {
              const parts = await Promise.all([
                one.call('kernelRun', 0, half),
                other.call('kernelRun', half, COUNT),
              ]);
              return (parts[0] + parts[1]) >>> 0;
            }),
          one: () => inPool(0),
          two: () => inPool(1),
        },
        COUNTS,
      );
      const params = { count: COUNT, ...COUNTS };
      return [
        line('parallel.one.time', median(times.one) * 1000, 'ms', params),
        line('parallel.two.time', median(times.two) * 1000, 'ms', params),
        line(
          'parallel.by_hand.two_to_one',
          ratio(times.byHandOne, times.byHandTwo),
          'ratio',
          params,
        ),
        line('parallel.two_to_one', ratio(times.one, times.two), 'ratio', params, TARGET),
      ];
    } finally {
      await Promise.all(pools.map((each) => each.close()));
    }
  });
}
