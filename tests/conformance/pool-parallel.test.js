// parallel(): a C function of the space's module on all workers of a pool.
import { listen } from './agent.js';
import { equal, match, ok, rejects, within } from './assert.js';
import { create, pool } from './sdk.js';
import { aborter, settled, start, until } from './serving.js';

/** @typedef {import('./env.js').Env} Env */

const COUNT = 16384;

/**
 * A space of the engine module, and a pool on it.
 *
 * @param {Env} env
 * @param {import('sluice').PoolOptions} options
 * @param {(made: import('sluice').Pool<any>, space: import('sluice').Space, words: Uint32Array) => Promise<void>} use
 * @param {() => Worker} [make]
 */
async function withEngine(env, options, use, make) {
  const space = await create({ ...env.options, wasm: env.url('build/test/engine.wasm') });
  const made = pool(space, make, options);
  try {
    const at = /** @type {any} */ (space.exports).engine_squares_at();
    await use(made, space, new Uint32Array(space.memory.buffer, at, COUNT));
  } finally {
    await made.close({ timeout: 0 }).catch(() => {});
    await space.close({ timeout: 5000 }).catch(() => {});
  }
}

/** @param {Uint32Array} words @param {number} times that each square was added @param {number} [from] */
function check(words, times, from = 0) {
  for (let i = from; i < COUNT; i++)
    equal(words[i], Math.imul(Math.imul(i, i), times) >>> 0, `of ${i}`);
}

const shared = (/** @type {import('./env.js').Setting} */ { transport }) => transport === 'shared';

/**
 * WebKit 2.50 does not end a worker whose wasm loops for ever: terminate() returns, and it goes on.
 *
 * @param {import('./env.js').Setting} setting
 */
const endsLoops = ({ engine }) => engine !== 'webkit';

/** @type {import('./env.js').Case[]} */
export const parallels = [
  {
    name: 'the packaged worker serves no functions, and says so',
    run: (env) =>
      withEngine(env, { size: 1 }, async (made) => {
        const error = await within(rejects(made.run('resize', [1]), 'mismatch'), 5000, 'the call');
        match(error.message, /"resize".*worker of your own/);
        const results = made.map('resize', [1, 2])[Symbol.asyncIterator]();
        await rejects(results.next(), 'mismatch');
      }),
  },
  {
    name: 'parallel() computes each number once, whatever the grain',
    run: (env) =>
      withEngine(env, { size: 2 }, async (made, space, words) => {
        await made.parallel('engine_squares', COUNT, [-1]);
        check(words, 1);
        // The second worker may still be on its way, and takes memory for its connection.
        if (env.transport === 'shared') await until(() => made.stats().size === 2, 'both workers');
        const { used } = space.stats();
        let times = 1;
        for (const grain of [1, 1000, COUNT, 2 ** 31 - 1]) {
          await made.parallel('engine_squares', COUNT, [-1], { grain });
          check(words, ++times);
        }
        await made.parallel('engine_squares', 0, [-1]);
        check(words, times);
        if (env.transport === 'shared') await settled(space, used);
        else equal(made.stats().size, 0, 'the workers on messages');
      }),
  },
  {
    name: 'parallel() sends as many messages for 16,384 grains as for four',
    where: shared,
    run: async (env) => {
      let posted = 0;
      const make = () => {
        const worker = env.worker('serve.js');
        const { postMessage } = worker;
        worker.postMessage = (/** @type {any[]} */ ...message) => {
          posted++;
          postMessage.apply(worker, /** @type {any} */ (message));
        };
        listen(worker, () => posted++);
        return worker;
      };
      const port = MessagePort.prototype;
      const { postMessage } = port;
      port.postMessage = function (/** @type {any[]} */ ...message) {
        posted++;
        postMessage.apply(this, /** @type {any} */ (message));
      };
      try {
        await withEngine(
          env,
          { size: 2 },
          async (made, _space, words) => {
            await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
            await until(() => made.stats().size === 2, 'both workers');
            for (const grain of [COUNT / 4, 1]) {
              posted = 0;
              await made.parallel('engine_squares', COUNT, [-1], { grain });
              ok(posted < 20, `${posted} messages at a grain of ${grain}`);
            }
            check(words, 2);
          },
          make,
        );
      } finally {
        port.postMessage = postMessage;
      }
    },
  },
  {
    name: 'who is free takes the grains of who is not: one waits for all the others, and it ends',
    where: shared,
    run: (env) =>
      withEngine(env, { size: 2 }, async (made, _space, words) => {
        for (let times = 1; times <= 3; times++) {
          const all = made.parallel('engine_first_is_last', COUNT, [COUNT], { grain: 1 });
          await within(all, 15_000, 'the end');
          for (let i = 0; i < COUNT; i++) equal(words[i], times, `of ${i}`);
        }
      }),
  },
  {
    name: 'parallel() works on the workers of any pool, beside its calls',
    run: (env) =>
      withEngine(
        env,
        { size: 2 },
        async (made, _space, words) => {
          const call = made.run('addLater', [1]);
          await made.parallel('engine_squares', COUNT, [-1], { grain: 16 });
          check(words, 1);
          equal(await call, 2);
        },
        start(env),
      ),
  },
  {
    name: 'a trap rejects with its name, and leaves the workers as they were',
    run: (env) =>
      withEngine(env, { size: 2 }, async (made, space, words) => {
        for (let i = 0; i < 3; i++) {
          const error = await rejects(made.parallel('engine_squares', COUNT, [5000]), () => true);
          equal(error.name, 'RuntimeError');
          match(error.message, /unreachable/i);
        }
        words.fill(0);
        await made.parallel('engine_squares', COUNT, [-1]);
        check(words, 1);
        const { engine_check_stack: wrong } = /** @type {any} */ (space.exports);
        equal(wrong(1, 10), 0);
        equal(made.stats().crashed, 0);
      }),
  },
  {
    name: 'an aborted parallel() ends between two grains, and then nobody computes',
    run: (env) =>
      withEngine(env, { size: 2, grace: 60_000 }, async (made) => {
        await made.parallel('engine_squares', COUNT, [-1]);
        const { signal, abort } = aborter();
        const reason = new Error('enough');
        const computing = made.parallel('engine_double', 2 ** 31 - 1, [], { grain: 1, signal });
        setTimeout(abort, 30, reason);
        await rejects(within(computing, 9000, 'the end'), (error) => error === reason);
        equal(made.stats().busy, 0);
        const hasty = made.parallel('engine_double', 2 ** 31 - 1, [], { grain: 1, timeout: 30 });
        await rejects(within(hasty, 9000, 'the end'), 'timeout');
        equal(made.stats().busy, 0);
        await made.parallel('engine_squares', COUNT, [-1]);
        await rejects(
          made.parallel('engine_squares', COUNT, [-1], { signal }),
          (error) => error === reason,
        );
      }),
  },
  {
    name: 'a parallel() that does not end by itself ends with its workers, after the grace',
    where: shared,
    run: (env) =>
      withEngine(env, { size: 2, grace: 50 }, async (made, space, words) => {
        await made.parallel('engine_squares', COUNT, [-1]);
        const { signal, abort } = aborter();
        const computing = made.parallel('engine_spin', 2, [], { grain: 1, signal });
        const before = words[0];
        await until(() => Atomics.load(words, 0) !== before, 'the start');
        abort('enough');
        await rejects(within(computing, 15_000, 'the end'), (error) => error === 'enough');
        words.fill(0);
        await made.parallel('engine_squares', COUNT, [-1]);
        check(words, 1, 2); // the two that were counted on may still be
        // Where terminate() does not end them they would compute beside all the cases after this one.
        if (!endsLoops(env)) /** @type {any} */ (space.exports).engine_stop();
        await until(() => space.stats().peers === 1 + made.stats().size, 'the deaths');
      }),
  },
  {
    name: 'parallel() says when a worker died in it',
    where: (setting) => shared(setting) && endsLoops(setting),
    run: async (env) => {
      /** @type {Worker[]} */
      const workers = [];
      const make = () => {
        const worker = env.worker('serve.js');
        workers.push(worker);
        return worker;
      };
      await withEngine(
        env,
        { size: 1 },
        async (made, space, words) => {
          await made.parallel('engine_squares', COUNT, [-1]);
          const { used } = space.stats();
          const before = words[0];
          const computing = made.parallel('engine_spin', 1);
          await until(() => Atomics.load(words, 0) !== before, 'the start');
          workers[0].terminate();
          await rejects(within(computing, 15_000, 'the end'), 'peer-lost');
          words.fill(0);
          await made.parallel('engine_squares', COUNT, [-1], { retry: 1 });
          check(words, 1);
          await settled(space, used);
        },
        make,
      );
    },
  },
  {
    name: 'parallel() says what it takes',
    run: (env) =>
      withEngine(env, { size: 1 }, async (made) => {
        match((await rejects(made.parallel('nothing', 1), 'mismatch')).message, /"nothing"/);
        for (const wrong of [-1, 0.5, 2 ** 31]) {
          await rejects(made.parallel('engine_squares', wrong), /count/);
        }
        await rejects(made.parallel('engine_squares', 1, [], { grain: 0 }), /grain/);
      }),
  },
];
