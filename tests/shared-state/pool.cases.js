// SharedMemoryWorkerPool; names as in state.cases.js.
import { SharedMemoryWorkerPool } from '../../examples/shared-state/pool.js';
import { SharedMemoryState } from '../../examples/shared-state/state.js';
import { deepEqual, equal, match, ok, rejects, within } from '../conformance/assert.js';
import { workers } from './env.js';
import { whoami } from './jobs.js';

const SECONDS = 10_000;

/**
 * @param {import('./env.js').Env} env
 * @param {number} count
 * @param {(pool: SharedMemoryWorkerPool) => Promise<void>} use
 * @param {() => Worker} [make]
 */
async function withPool(env, count, use, make = workers.jobs) {
  const pool = new SharedMemoryWorkerPool(count, { ...env.options, make });
  try {
    await use(pool);
  } finally {
    await pool.close({ timeout: 5000 });
  }
}

/** @param {PromiseSettledResult<any>[]} results */
const valuesOf = (results) =>
  results.map((one) => (one.status === 'fulfilled' ? one.value : `${one.reason}`));

/** @param {PromiseSettledResult<any>} result @returns {any} */
const reasonOf = (result) => (result.status === 'rejected' ? result.reason : undefined);

/** @type {import('./env.js').Case[]} */
export const pools = [
  {
    name: 'a processor is a function that the workers serve, called by its name with the item and the state (not: it never reaches the workers)',
    run: (env) =>
      withPool(env, 2, async (pool) => {
        deepEqual(valuesOf(await pool.processInParallel([1, 2, 3], 'double')), [2, 4, 6]);
        await pool.state.write('factor', 7);
        deepEqual(valuesOf(await pool.processInParallel([1, 2, 3], 'timesFactor')), [7, 14, 21]);
        const [who] = valuesOf(await pool.processInParallel([0], 'whoami'));
        ok(typeof who === 'number' && whoami() !== who, 'it ran in another thread');
      }),
  },
  {
    name: "a processor is a module's export, in workers that know nothing of it",
    run: async (env) => {
      const pool = new SharedMemoryWorkerPool(2, env.options);
      try {
        await pool.state.write('factor', 3);
        const { jobs } = env;
        const of = (/** @type {string} */ name) => ({ module: jobs, export: name });
        deepEqual(
          valuesOf(await pool.processInParallel([1, 2], { module: new URL(jobs) })),
          [2, 4],
        );
        deepEqual(valuesOf(await pool.processInParallel([1, 2], of('timesFactor'))), [3, 6]);
        const [who] = valuesOf(await pool.processInParallel([0], of('whoami')));
        equal(typeof who, 'number');
      } finally {
        await pool.close({ timeout: 5000 });
      }
    },
  },
  {
    name: 'there is one result an item, in their order, however many items wait for however few workers (not: one promise a worker, and no queue)',
    run: (env) =>
      withPool(env, 2, async (pool) => {
        const items = Array.from({ length: 200 }, (_, n) => n);
        const results = valuesOf(await pool.processInParallel(items, 'slowly'));
        deepEqual(
          results.map(({ n }) => n),
          items,
        );
        equal(new Set(results.map(({ who }) => who)).size, 2);
        const { completed, size } = await pool.stats();
        deepEqual([completed, size], [200, 2]);
        deepEqual(await pool.processInParallel([], 'double'), []);
        deepEqual(valuesOf(await pool.processInParallel(new Set([4, 5]), 'double')), [8, 10]);
      }),
  },
  {
    name: 'an item that fails has its own error, and the others their results (not: no errors)',
    run: (env) =>
      withPool(env, 2, async (pool) => {
        const items = [
          'fine',
          'throw',
          'reject',
          () => {},
          'return a function',
          'die',
          'fine too',
          Symbol('x'),
        ];
        const results = await within(
          pool.processInParallel(items, 'misbehave'),
          SECONDS,
          'the results',
        );
        equal(results.length, items.length);
        const [fine, thrown, rejected, uncloned, unclonable, dead, fineToo, symbol] = results;
        deepEqual(valuesOf([fine, fineToo]), ['fine', 'fine too']);
        equal(reasonOf(thrown) instanceof RangeError, true);
        equal(reasonOf(thrown).message, 'not this one');
        equal(reasonOf(thrown).item, 'throw');
        equal(reasonOf(rejected) instanceof TypeError, true);
        for (const one of [uncloned, unclonable, symbol]) equal(reasonOf(one)?.code, 'clone');
        equal(reasonOf(dead)?.code, 'peer-lost');
        deepEqual(valuesOf(await pool.processInParallel([21], 'double')), [42]);
      }),
  },
  {
    name: 'a processor that is a function, unknown or not to be loaded is an error that says what to do',
    run: (env) =>
      withPool(env, 1, async (pool) => {
        const any = /** @type {any} */ (pool);
        const typeError = (/** @type {unknown} */ error) => error instanceof TypeError;
        const own = await rejects(
          any.processInParallel([1], (/** @type {number} */ n) => n),
          typeError,
        );
        match(own.message, /name of a served function, or \{module, export\}/);
        await rejects(any.processInParallel([1], undefined), typeError);
        await rejects(any.processInParallel([1], { export: 'double' }), typeError);
        await rejects(any.processInParallel([1], { module: 'http://:-1/' }), typeError);
        await rejects(any.processInParallel(5, 'double'), typeError);
        const reasons = async (/** @type {any} */ processor) =>
          (await pool.processInParallel([1, 2], processor)).map(reasonOf);
        for (const reason of await reasons('triple')) {
          equal(reason.code, 'mismatch');
          match(reason.message, /triple.*double/);
        }
        for (const reason of await reasons({ module: env.jobs, export: 'noFunction' })) {
          equal(reason.code, 'mismatch');
          match(reason.message, /jobs\.js.*noFunction.*whoami/);
        }
        const missing = new URL('./missing.js', env.jobs).href;
        for (const reason of await reasons({ module: missing })) {
          equal(reason.code, 'load');
          match(reason.message, /missing\.js/);
        }
        deepEqual(valuesOf(await pool.processInParallel([1], 'double')), [2]);
      }),
  },
  {
    name: 'an abort or a timeout rejects the items that are left, and the pool goes on',
    run: (env) =>
      withPool(env, 1, async (pool) => {
        const abort = new AbortController();
        const { signal } = abort;
        const running = pool.processInParallel([1, 2, 3], 'untilCancelled', { signal });
        abort.abort('enough');
        for (const one of await within(running, SECONDS, 'the abort')) {
          equal(reasonOf(one), 'enough');
        }
        const late = await pool.processInParallel([1], 'untilCancelled', { timeout: 1 });
        equal(reasonOf(late[0]).code, 'timeout');
        deepEqual(valuesOf(await pool.processInParallel([1], 'double')), [2]);
      }),
  },
  {
    name: 'a pool closes the state that it made, and no other',
    run: async (env) => {
      const own = new SharedMemoryWorkerPool(1, { ...env.options, make: workers.jobs });
      deepEqual(valuesOf(await own.processInParallel([1], 'double')), [2]);
      await own.close();
      await rejects(own.state.write('a', 1), 'closed');
      const after = await own.processInParallel([1], 'double');
      equal(reasonOf(after[0]).code, 'closed');

      const state = new SharedMemoryState(undefined, env.options);
      const pool = new SharedMemoryWorkerPool(1, { state, make: workers.jobs });
      deepEqual(valuesOf(await pool.processInParallel([1], 'double')), [2]);
      await pool.close();
      await state.write('a', 1);
      equal(state.read('a'), 1);
      await state.close();
    },
  },
  {
    name: 'a pool whose state or workers cannot be made rejects what it is asked',
    run: async (env) => {
      const noState = new SharedMemoryWorkerPool(1, { ...env.options, bytes: -1 });
      await rejects(
        noState.processInParallel([1], 'double'),
        (error) => error instanceof TypeError,
      );
      await noState.close();
      const noCount = new SharedMemoryWorkerPool(0, { ...env.options, make: workers.jobs });
      await rejects(
        noCount.processInParallel([1], 'double'),
        (error) => error instanceof TypeError,
      );
      await noCount.close();
      const broken = () => {
        throw new Error('there is no worker');
      };
      const noWorker = new SharedMemoryWorkerPool(1, { ...env.options, make: broken });
      const [result] = await within(
        noWorker.processInParallel([1], 'double'),
        SECONDS,
        'the missing worker',
      );
      equal(reasonOf(result).code, 'load');
      await noWorker.close();
    },
  },
];
