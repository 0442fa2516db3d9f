// Pools of workers.
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { cell, create, json, pool, spawn, withOptions } from './sdk.js';
import { aborter, DISPOSE, settled, start, until, withPool } from './serving.js';

/** @typedef {import('./env.js').Env} Env */

const range = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => i);

/** @param {AsyncIterable<any>} values */
async function all(values) {
  const list = [];
  for await (const value of values) list.push(value);
  return list;
}

/** @type {import('./env.js').Case[]} */
export const pools = [
  {
    name: 'a pool starts workers when there is work, up to its size',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        equal(made.stats().size, 0);
        equal(await made.run('add', [1, 2]), 3);
        equal(made.stats().size, 1);
        deepEqual(
          await Promise.all(range(20).map((i) => made.call.addLater(i))),
          range(21).slice(1),
        );
        ok(made.stats().size <= 2);
        await Promise.all([made.run('waitOn', ['a', 50]), made.run('waitOn', ['b', 50])]);
        await until(() => made.stats().size === 2, 'the second worker');
        equal(made.stats().completed, 23);
      }),
  },
  {
    name: 'a pool keeps its least number of workers warm, and lets the others go',
    run: (env) =>
      withPool(env, { size: 2, minSize: 1, idleTimeout: 50 }, async (made, space) => {
        await until(() => made.stats().size === 1, 'the warm worker');
        await Promise.all([made.run('waitOn', ['a', 300]), made.run('waitOn', ['b', 300])]);
        await until(() => made.stats().size === 1, 'the retirement');
        await until(() => space.stats().peers === 2, 'its death');
        equal(await made.run('add', [1, 2]), 3);
        equal(made.stats().crashed, 0);
      }),
  },
  {
    name: 'a pool without work ends all workers above its least',
    run: (env) =>
      withPool(env, { size: 1, idleTimeout: 20 }, async (made) => {
        equal(await made.run('add', [1, 2]), 3);
        await until(() => made.stats().size === 0, 'the retirement');
        equal(await made.run('add', [2, 2]), 4);
      }),
  },
  {
    name: 'a queue has a bound, then calls are "full"',
    run: (env) =>
      withPool(env, { size: 1, maxQueue: 2 }, async (made) => {
        equal(await made.run('add', [1, 2]), 3);
        const running = [
          made.run('waitOn', ['a', 50]),
          made.run('add', [1, 1]),
          made.run('add', [1, 3]),
        ];
        match((await rejects(made.run('add', [1, 4]), 'full')).message, /maxQueue/);
        await until(() => made.stats().busy === 1, 'the start');
        equal(made.stats().queued, 2);
        deepEqual(await Promise.all(running), ['a', 2, 4]);
        equal(await made.run('add', [1, 2]), 3);
      }),
  },
  {
    name: 'calls of a higher priority start first, others in their order',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const first = made.run('waitOn', ['', 30]);
        const rest = [1, 2].map((n) => made.run('note', [n]));
        const high = [11, 12].map((n) => made.run('note', [n], { priority: 1 }));
        const low = made.run('note', [-1], { priority: -1 });
        const call = withOptions(made.call, { priority: 5 });
        const highest = call.note(50);
        await Promise.all([first, ...rest, ...high, low, highest]);
        deepEqual(await made.run('notes', []), [50, 11, 12, 1, 2, -1]);
      }),
  },
  {
    name: 'a call that is aborted while it waits never starts',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const first = made.run('waitOn', ['', 30]);
        const { signal, abort } = aborter();
        const reason = new Error('not needed');
        const waiting = made.run('note', [1], { signal });
        const hasty = made.run('note', [2], { timeout: 1 });
        abort(reason);
        await rejects(waiting, (error) => error === reason);
        await rejects(hasty, 'timeout');
        await first;
        deepEqual(await made.run('notes', []), []);
        equal(made.stats().failed, 2);
        await rejects(made.run('note', [3], { signal }), (error) => error === reason);
      }),
  },
  {
    name: 'an aborted call that ends by itself keeps its worker',
    run: (env) =>
      withPool(env, { size: 1, grace: 5000 }, async (made, space) => {
        await made.run('note', [7]);
        const { peers } = space.stats();
        const { signal, abort } = aborter();
        const call = made.run('untilAborted', [], { signal });
        await until(() => made.stats().busy === 1, 'the start');
        abort('enough');
        await rejects(call, (error) => error === 'enough');
        deepEqual(await made.run('notes', []), [7]);
        equal(space.stats().peers, peers);
      }),
  },
  {
    name: 'a grace that is longer than a timer takes is not over at once',
    run: (env) =>
      withPool(env, { size: 1, grace: Infinity }, async (made) => {
        await made.run('note', [7]);
        const { signal, abort } = aborter();
        const call = made.run('waitOn', ['', 100], { signal });
        await until(() => made.stats().busy === 1, 'the start');
        abort('enough');
        await rejects(call, (error) => error === 'enough');
        deepEqual(await made.run('notes', []), [7]);
      }),
  },
  {
    name: 'an aborted call that goes on ends with its worker, after the grace',
    run: (env) =>
      withPool(env, { size: 1, grace: 50 }, async (made, space) => {
        equal(await made.run('add', [1, 2]), 3);
        // Its successor starts before it is dead: in a place that stays with the space.
        await (await spawn(space, start(env))).terminate();
        const { used, peers } = space.stats();
        const { signal, abort } = aborter();
        const call = made.run('spin', [], { signal });
        await until(() => made.stats().busy === 1, 'the start');
        abort('enough');
        await rejects(call, (error) => error === 'enough');
        equal(await within(made.run('add', [1, 2]), 15_000, 'the next call'), 3);
        deepEqual(await made.run('notes', []), [], 'of a new worker');
        await until(() => space.stats().peers === peers, 'the death of the old one');
        await settled(space, used);
      }),
  },
  {
    name: 'where memory is shared a computation that looks at `cancelled` keeps its worker',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withPool(env, { size: 1, grace: 8000 }, async (made) => {
        await made.run('note', [7]);
        const { signal, abort } = aborter();
        const call = made.run('untilCancelled', [15_000], { signal });
        await until(() => made.stats().busy === 1, 'the start');
        abort('enough');
        await rejects(call, (error) => error === 'enough');
        deepEqual(await within(made.run('notes', []), 7000, 'the next call'), [7]);
      }),
  },
  {
    name: 'a worker that dies fails its call alone, and tells of the crash',
    run: (env) =>
      withPool(env, { size: 2 }, async (made, space) => {
        await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
        await until(() => made.stats().size === 2, 'two workers');
        const { used } = space.stats();
        /** @type {any[]} */
        const crashes = [];
        made.addEventListener('crash', (event) => crashes.push(event));
        const dying = made.run('exit', []);
        const others = range(10).map((i) => made.run('addLater', [i]));
        match((await rejects(within(dying, 12_000, 'the call'), 'peer-lost')).message, /retry/);
        deepEqual(await Promise.all(others), range(11).slice(1));
        equal(crashes.length, 1);
        equal(crashes[0].error.code, 'peer-lost');
        equal(made.stats().crashed, 1);
        await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
        await until(() => made.stats().size === 2, 'its successor');
        await settled(space, used);
      }),
  },
  {
    name: 'a call runs again where its worker died and retry was asked for',
    run: (env) =>
      withPool(env, { size: 1 }, async (made, space) => {
        const times = cell(space, 'times', json(), 0);
        equal(
          await within(made.run('exitOnce', ['times'], { retry: 1 }), 15_000, 'the call'),
          'second time',
        );
        equal(times.get(), 2);
      }),
  },
  {
    name: 'workers that die one after the other are replaced later and later, up to a success',
    run: async (env) => {
      const { setTimeout: later } = globalThis;
      const { now: clock } = Date;
      /** What the pool waits for, by a clock that nothing else moves. @type {number[]} */
      const pauses = [];
      let now = clock();
      Date.now = () => now;
      /** @type {any} */ (globalThis).setTimeout = (
        /** @type {() => void} */ act,
        /** @type {number} */ ms,
      ) => {
        if (![50, 100, 200, 400].includes(ms)) return later(act, ms);
        pauses.push(ms);
        return later(() => {
          now += ms;
          act();
        }, ms);
      };
      try {
        await withPool(env, { size: 1 }, async (made) => {
          const die = () => rejects(within(made.run('exit', []), 12_000, 'the call'), 'peer-lost');
          for (let i = 0; i < 3; i++) await die();
          equal(await within(made.run('add', [1, 2]), 12_000, 'a call'), 3);
          await die();
          equal(await within(made.run('add', [1, 2]), 12_000, 'the last call'), 3);
        });
      } finally {
        globalThis.setTimeout = later;
        Date.now = clock;
      }
      deepEqual(pauses, [50, 100, 200, 50]);
    },
  },
  {
    name: "a worker's timers, fetches and promises go on while it waits for calls",
    run: (env) =>
      withPool(env, { size: 1 }, async (made, space) => {
        const told = cell(space, 'told', json(), '');
        await made.run('goOn', ['told']);
        while (told.get() !== 'by itself') {
          await within(told.changed(told.version), 9000, 'what the worker does by itself');
        }
        const { completed, busy } = made.stats();
        deepEqual([completed, busy], [1, 0]);
      }),
  },
  {
    name: 'retries end',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        await rejects(within(made.run('exit', [], { retry: 1 }), 18_000, 'the call'), 'peer-lost');
        equal(made.stats().crashed, 2);
        equal(await made.run('add', [1, 2]), 3);
      }),
  },
  {
    name: 'a worker that cannot start fails all calls with that "load" error, and no other is tried',
    run: async (env) => {
      let tries = 0;
      const make = () => {
        tries++;
        return env.worker(env.fault('throws.js'));
      };
      await withPool(
        env,
        { size: 1 },
        async (made) => {
          const [first, second] = [made.run('add', [1, 2]), made.run('add', [1, 2])];
          const error = await rejects(first, 'load');
          await rejects(second, (other) => other === error);
          await rejects(made.run('add', [1, 2]), (other) => other === error);
          equal(tries, 1);
          equal(made.stats().crashed, 0);
        },
        make,
      );
    },
  },
  {
    name: 'a worker that cannot start leaves the work to those that are there, and no other is tried',
    run: async (env) => {
      let tries = 0;
      const make = () => env.worker(tries++ === 0 ? 'serve.js' : env.fault('throws.js'));
      await withPool(
        env,
        { size: 2 },
        async (made) => {
          equal(await made.run('add', [1, 2]), 3);
          for (let i = 0; i < 3; i++) {
            const both = [made.run('waitOn', ['a', 200]), made.run('waitOn', ['b', 200])];
            deepEqual(await Promise.all(both), ['a', 'b']);
          }
          equal(tries, 2);
          equal(made.stats().size, 1);
        },
        make,
      );
    },
  },
  {
    name: 'a worker that dies without work is replaced when there is some',
    run: async (env) => {
      /** @type {Worker[]} */
      const workers = [];
      const make = () => {
        workers.push(env.worker('serve.js'));
        return workers[workers.length - 1];
      };
      await withPool(
        env,
        { size: 1 },
        async (made) => {
          equal(await made.run('add', [1, 2]), 3);
          workers[0].terminate();
          await until(() => made.stats().size === 0, 'the death');
          equal(made.stats().busy, 0);
          equal(await within(made.run('add', [2, 2]), 15_000, 'the next call'), 4);
          equal(made.stats().crashed, 1);
        },
        make,
      );
    },
  },
  {
    name: 'an error of a function, an argument or a result leaves the worker as it was',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        await made.run('note', [7]);
        await rejects(made.run('fail', ['no']), 'declined');
        await rejects(made.run('uncloneable', []), 'clone');
        await rejects(made.run('echo', [() => 1]), 'clone');
        await rejects(/** @type {any} */ (made).run('nothing', []), 'mismatch');
        deepEqual(await made.run('notes', []), [7]);
        const { completed, failed, busy, queued } = made.stats();
        deepEqual(
          { completed, failed, busy, queued },
          { completed: 2, failed: 4, busy: 0, queued: 0 },
        );
      }),
  },
  {
    name: 'a map gives results in the order of its items',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        const items = range(50);
        const results = range(51).slice(1);
        deepEqual(await all(made.map('addLater', items)), results);
        deepEqual(await all(made.map('addLater', items, { chunk: 8 })), results);
        const unordered = await all(made.map('addLater', items, { ordered: false, chunk: 3 }));
        deepEqual(
          unordered.sort((a, b) => a - b),
          results,
        );
        deepEqual(await all(made.map('addLater', [])), []);
        async function* later() {
          yield* items;
        }
        deepEqual(await all(made.map('addLater', later())), results);
      }),
  },
  {
    name: 'an unordered map gives what is there first',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
        await until(() => made.stats().size === 2, 'two workers');
        const results = [];
        for await (const n of made.map('noteSlowly', [1, 2], { ordered: false })) results.push(n);
        equal(results.length, 2);
        /** @type {(value: number) => void} */
        let give = () => {};
        async function* items() {
          yield 1;
          yield await new Promise((resolve) => {
            give = resolve;
          });
        }
        // A result does not wait for the next item.
        const values = made.map('addLater', items());
        equal((await within(values.next(), 9000, 'the first result')).value, 2);
        const next = values.next();
        give(5);
        equal((await next).value, 6);
        equal((await values.next()).done, true);
      }),
  },
  {
    name: 'results that are there come before the error of the items',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        let fail = () => {};
        async function* items() {
          yield* [1, 2, 3];
          await new Promise((_, reject) => {
            fail = () => reject(new Error('no more items'));
          });
        }
        const values = made.map('addLater', items());
        equal((await values.next()).value, 2);
        await until(() => made.stats().completed === 3, 'the other results');
        fail();
        await new Promise((resolve) => setTimeout(resolve));
        equal((await values.next()).value, 3);
        equal((await values.next()).value, 4);
        await rejects(values.next(), (error) => /no more items/.test(error.message));
      }),
  },
  {
    name: 'a map never takes more items than its window',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        let taken = 0;
        let given = 0;
        let ended = false;
        function* items() {
          try {
            for (;;) yield taken++;
          } finally {
            ended = true;
          }
        }
        for await (const result of made.map('addLater', items(), { chunk: 2 })) {
          equal(result, ++given);
          ok(taken - given <= 2 * 2 * 2 + 1, `${taken} taken, ${given} given`);
          if (given === 40) break;
        }
        equal(ended, true);
        await until(() => made.stats().busy === 0 && made.stats().queued === 0, 'the end');
      }),
  },
  {
    name: 'a map ends with the first error, and stops the rest',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        await rejects(all(made.map('fail', ['a', 'b', 'c'])), 'declined');
        async function* broken() {
          yield 1;
          throw new RangeError('no more');
        }
        await rejects(all(made.map('addLater', broken())), /no more/);
        const { signal, abort } = aborter();
        const values = made.map('addLater', endless(), { signal });
        await values.next();
        abort('enough');
        await rejects(all(values), (error) => error === 'enough');
        await until(() => made.stats().busy === 0 && made.stats().queued === 0, 'the end');
        equal(await made.run('add', [1, 2]), 3);
        await rejects(all(made.map('add', [], { chunk: 0 })), /chunk/);
      }),
  },
  {
    name: 'a pool is a transform stream',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        const through = made.through('addLater');
        const writer = through.writable.getWriter();
        const writing = (async () => {
          for (const i of range(30)) await writer.write(i);
          await writer.close();
        })();
        const reader = through.readable.getReader();
        const results = [];
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          results.push(value);
        }
        await writing;
        deepEqual(results, range(31).slice(1));
        const broken = made.through('fail');
        const into = broken.writable.getWriter();
        const written = into.write('x').catch(() => {});
        await rejects(broken.readable.getReader().read(), 'declined');
        await written;
        await rejects(into.closed, () => true);
      }),
  },
  {
    name: 'an async iterable keeps its worker until it ends',
    run: (env) =>
      withPool(env, { size: 1, grace: 5000 }, async (made) => {
        const values = made.call.count(100);
        equal((await values.next()).value, 0);
        equal(made.stats().busy, 1);
        const next = made.run('finallies', []);
        await values.return?.();
        equal(await next, 1);
        deepEqual(await all(made.call.count(5)), range(5));
        await rejects(all(made.call.count(5, 2)), /no 2/);
        await until(() => made.stats().busy === 0, 'the end');
      }),
  },
  {
    name: 'a pool tells when there is nothing left to do, and its figures',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        let drains = 0;
        made.addEventListener('drain', () => drains++);
        await Promise.all(range(10).map((i) => made.run('addLater', [i])));
        await until(() => drains === 1, 'the event');
        const { completed, failed, crashed, busy, queued, waitMs, runMs } = made.stats();
        deepEqual([completed, failed, crashed, busy, queued], [10, 0, 0, 0, 0]);
        equal(waitMs.count, 10);
        equal(runMs.count, 10);
        ok(runMs.p50 > 0.1 && runMs.p50 <= runMs.p99 && runMs.p99 <= runMs.max);
        ok(runMs.mean > 0.1 && runMs.mean <= runMs.max);
      }),
  },
  {
    name: 'close() waits for the calls, and takes no more',
    run: async (env) => {
      const space = await create(env.options);
      /** @type {import('sluice').Pool<import('./serving.js').Api>} */
      const made = pool(space, start(env), { size: 1 });
      const calls = range(3).map((i) => made.run('addLater', [i]));
      const closing = made.close();
      await rejects(made.run('add', [1, 2]), 'closed');
      await closing;
      deepEqual(await Promise.all(calls), [1, 2, 3]);
      await made.close();
      await made[DISPOSE]();
      equal(made.stats().size, 0);
      await until(() => space.stats().peers === 1, 'the end of the workers');
      await space.close();
    },
  },
  {
    name: 'close() rejects what is left at the end of its time with "closed"',
    run: async (env) => {
      const space = await create(env.options);
      /** @type {import('sluice').Pool<import('./serving.js').Api>} */
      const made = pool(space, start(env), { size: 1 });
      const running = made.run('spin', []);
      const waiting = made.run('add', [1, 2]);
      const [first, second] = [rejects(running, 'closed'), rejects(waiting, 'closed')];
      await until(() => made.stats().busy === 1, 'the start');
      await rejects(made.close({ timeout: 20 }), 'timeout');
      await Promise.all([first, second]);
      await until(() => space.stats().peers === 1, 'the end of the worker');
      await space.close();
    },
  },
  {
    name: 'the calls of a pool end with its space as "closed", and its workers have not crashed',
    run: async (env) => {
      const space = await create(env.options);
      /** @type {import('sluice').Pool<import('./serving.js').Api>} */
      const made = pool(space, start(env), { size: 1 });
      const running = rejects(made.run('spin', [], { retry: 1 }), 'closed');
      const waiting = rejects(made.run('add', [1, 2]), 'closed');
      await until(() => made.stats().busy === 1, 'the start');
      await space.close();
      await running;
      await waiting;
      equal(made.stats().crashed, 0);
      await made.close();
    },
  },
  {
    name: 'a getter of an argument may call the pool',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        /** @type {Promise<any> | undefined} */
        let inner;
        const asks = {
          get n() {
            inner ??= made.run('add', [1, 2]);
            return 3;
          },
        };
        deepEqual(await within(made.run('echo', [asks]), 5000, 'the outer call'), { n: 3 });
        equal(await within(/** @type {any} */ (inner), 5000, 'the inner call'), 3);
      }),
  },
  {
    name: 'a call that makes no sense is a TypeError, and leaves nothing',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const run = /** @type {any} */ (made.run);
        const isTypeError = (/** @type {unknown} */ error) => error instanceof TypeError;
        await rejects(run('add'), isTypeError);
        await rejects(run('add', 'ab'), isTypeError);
        await rejects(run(Symbol('add'), []), isTypeError);
        for (const options of [{ priority: NaN }, { priority: Symbol('high') }, { retry: 'x' }])
          await rejects(run('add', [1, 2], options), isTypeError);
        equal(await made.run('add', [1, 2]), 3);
        await within(made.close(), 5000, 'close()');
      }),
  },
  {
    name: 'close() ends a worker that never attaches',
    run: async (env) => {
      const space = await create(env.options);
      let ended = 0;
      const make = () => {
        const worker = env.worker(env.fault('silent.js'));
        const { terminate } = worker;
        worker.terminate = () => {
          ended++;
          return terminate.call(worker);
        };
        return worker;
      };
      const made = pool(space, make, { size: 1 });
      const call = rejects(made.run('add', [1, 2]), 'closed');
      // Sooner than spawn() would give it up.
      await within(rejects(made.close({ timeout: 20 }), 'timeout'), 5000, 'close()');
      await call;
      equal(made.stats().size, 0);
      await until(() => ended > 0, 'the end of the worker');
      await space.close();
    },
  },
  {
    name: "close() at any moment of a worker's start leaves no worker",
    run: async (env) => {
      const space = await create(env.options);
      let started = 0;
      // At each moment of a worker's start.
      for (let turns = 0; turns < 40; turns += 2) {
        const make = () => {
          started++;
          return env.worker('serve.js');
        };
        const made = pool(space, make, { size: 1, minSize: 1 });
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve));
        await made.close();
        equal(made.stats().size, 0);
      }
      ok(started > 0);
      await until(() => space.stats().peers === 1, 'the end of the workers');
      await space.close();
    },
  },
  {
    name: 'a pool says what its options take',
    run: (env) =>
      withPool(env, {}, async (_made, space) => {
        for (const wrong of [
          { size: 0 },
          { size: 1, minSize: 2 },
          { minSize: -1 },
          { idleTimeout: -1 },
          { maxQueue: NaN },
          { grace: -1 },
        ]) {
          throws(
            () => pool(space, start(env), wrong),
            (error) => error instanceof TypeError,
          );
        }
      }),
  },
];

async function* endless() {
  for (let i = 0; ; i++) yield i;
}
