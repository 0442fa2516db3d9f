// How a pool's calls travel: through shared memory where it is there, the rest by message. What is
// said here holds on both transports.
import { deepEqual, equal, match, ok, rejects, within } from './assert.js';
import { proxy, transfer } from './sdk.js';
import { aborter, settled, start, until, withPool } from './serving.js';

/** @typedef {import('./env.js').Env} Env */

const range = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => i);
const shared = (/** @type {import('./env.js').Setting} */ { transport }) => transport === 'shared';

/** Makes workers, and keeps them. @param {Env} env */
function keeping(env) {
  /** @type {Worker[]} */
  const workers = [];
  const make = () => {
    const worker = env.worker('serve.js');
    workers.push(worker);
    return worker;
  };
  return { workers, make };
}

/** @type {import('./env.js').Case[]} */
export const poolLanes = [
  {
    name: 'calls start in order, whichever way their arguments travel',
    run: (env) =>
      withPool(env, { size: 1 }, async (typed) => {
        const made = /** @type {import('sluice').Pool<any>} */ (/** @type {unknown} */ (typed));
        /** @type {Promise<unknown>[]} */
        const calls = [];
        for (const n of range(120)) {
          const kind = n % 4;
          if (kind === 0) calls.push(made.run('note', [n]));
          // A port is handed over, a callback is called by number, much text is too large for a slot.
          else if (kind === 1) {
            const { port1 } = new MessageChannel();
            calls.push(made.run('note', [n, port1], { transfer: [port1] }));
          } else if (kind === 2) calls.push(made.run('note', [n, proxy(() => n)]));
          else calls.push(made.run('note', [n, 'x'.repeat(5000)]));
        }
        await Promise.all(calls);
        deepEqual(await made.run('notes', []), range(120));
        const { completed, failed, busy, queued } = made.stats();
        deepEqual([completed, failed, busy, queued], [121, 0, 0, 0]);
      }),
  },
  {
    name: 'arguments and results of all sizes come back as they are',
    run: (env) =>
      withPool(env, { size: 2 }, async (made, space) => {
        await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
        await until(() => made.stats().size === 2, 'two workers');
        const { used } = space.stats();
        const sizes = [0, 1, 100, 900, 980, 990, 1000, 1100, 5000, 70_000, 300_000];
        const values = sizes.map((size) => ({ size, bytes: new Uint8Array(size).fill(size) }));
        const results = await Promise.all(values.map((value) => made.run('echo', [value])));
        deepEqual(results, values);
        equal(await made.run('echo', [undefined]), undefined);
        equal(await made.run('echo', /** @type {any} */ ([])), undefined);
        const cyclic = /** @type {any} */ ({ map: new Map([[1, new Date(5)]]) });
        cyclic.self = cyclic;
        const back = await made.run('echo', [cyclic]);
        equal(back.self, back);
        deepEqual(back.map.get(1), new Date(5));
        await settled(space, used);
      }),
  },
  {
    name: 'no argument, result or error becomes JSON on its way',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        await made.run('forbidJson', []);
        const { parse, stringify } = JSON;
        const forbidden = () => {
          throw new Error('JSON');
        };
        Object.assign(JSON, { parse: forbidden, stringify: forbidden });
        /** @type {unknown[]} */
        let results;
        try {
          const values = [{ n: 1, list: ['a', null] }, { text: 'x'.repeat(5000) }];
          const calls = values.map((value) => made.run('echo', [value]));
          const { port1 } = new MessageChannel();
          calls.push(made.run('note', /** @type {any} */ ([1, port1]), { transfer: [port1] }));
          calls.push(made.run('fail', ['no']).catch(({ code }) => code));
          results = await Promise.all(calls);
        } finally {
          Object.assign(JSON, { parse, stringify });
        }
        deepEqual(results, [
          { n: 1, list: ['a', null] },
          { text: 'x'.repeat(5000) },
          [1],
          'declined',
        ]);
      }),
  },
  {
    name: 'what only a message carries is an argument, and a result',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const buffer = new ArrayBuffer(8);
        equal(await made.run('bytesOf', [transfer(buffer, [buffer])]), 8);
        equal(buffer.byteLength, 0);
        equal((await made.run('give', [16])).buffer.byteLength, 16);
        equal(await made.run('leftOfGiven', []), 0);
        equal(await made.run('apply', [proxy((/** @type {number} */ n) => 2 * n), 21]), 42);
        const plusTwo = /** @type {any} */ (await made.run('adder', [2]));
        equal(await plusTwo(3), 5);
        plusTwo.release();
        const channel = new MessageChannel();
        const port = await made
          .run('echo', [transfer({ port: channel.port1 }, [channel.port1])])
          .then(
            () => 'copied',
            (error) => error.code,
          );
        equal(port, 'clone', 'a port that is not handed over back');
        equal(await made.run('add', [1, 2]), 3);
      }),
  },
  {
    name: 'errors travel whole, whatever their size',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const small = await rejects(made.run('fail', ['no']), 'declined');
        equal(small.name, 'CardError');
        equal(small.card, 42);
        equal(small.cause.message, 'the card is of another bank');
        match(small.stack, /serve\.js/);
        const large = await rejects(made.run('fail', ['no'.repeat(5000)]), 'declined');
        equal(large.message.length, 10_000);
        equal(await made.run('throwIt', [7]).catch((thrown) => thrown), 7);
        equal(
          await made.run('throwIt', /** @type {any} */ ([])).catch((thrown) => String(thrown)),
          'undefined',
        );
        await rejects(made.run('badError', []), /cannot be read/);
      }),
  },
  {
    name: 'many more calls than there is room for all end, in order on one worker',
    run: (env) =>
      withPool(env, { size: 1 }, async (made) => {
        const count = 1000;
        const results = await Promise.all(range(count).map((n) => made.run('add', [n, 1])));
        deepEqual(results, range(count + 1).slice(1));
        await Promise.all(range(count).map((n) => made.run('noteSlowly', [n, 0])));
        deepEqual(await made.run('notes', []), range(count));
      }),
  },
  {
    name: 'calls behind a long one go to another worker',
    run: (env) =>
      withPool(env, { size: 2 }, async (made) => {
        await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
        await until(() => made.stats().size === 2, 'two workers');
        const { signal, abort } = aborter();
        const long = rejects(made.run('untilAborted', [], { signal }), () => true);
        const results = await within(
          Promise.all(range(500).map((n) => made.run('add', [n, 1]))),
          9000,
          'the others',
        );
        equal(results.length, 500);
        equal(made.stats().busy, 1);
        abort('enough');
        await long;
      }),
  },
  {
    name: 'a call of a higher priority overtakes all that have not begun, however many',
    run: (env) =>
      withPool(env, { size: 1, grace: 8000 }, async (made) => {
        const { signal, abort } = aborter();
        const first = rejects(made.run('untilAborted', [], { signal }), () => true);
        await until(() => made.stats().busy === 1, 'the start');
        const low = range(200).map((n) => made.run('note', [n]));
        const high = range(100).map((n) => made.run('note', [1000 + n], { priority: 2 }));
        const middle = range(3).map((n) => made.run('note', [500 + n], { priority: 1 }));
        abort('enough');
        await Promise.all([first, ...low, ...high, ...middle]);
        const expected = [
          ...range(100).map((n) => 1000 + n),
          ...range(3).map((n) => 500 + n),
          ...range(200),
        ];
        deepEqual(await made.run('notes', []), expected);
      }),
  },
  {
    name: 'what has not begun when a worker dies runs on another, once and in order',
    run: async (env) => {
      const { workers, make } = keeping(env);
      await withPool(
        env,
        { size: 1 },
        async (made, space) => {
          await made.run('add', [1, 2]);
          const dying = made.run('hang', []);
          await until(() => made.stats().busy === 1, 'the start');
          const numbers = range(100).map((n) =>
            made.run('note', /** @type {any} */ (n % 3 === 0 ? [n, 'x'.repeat(5000)] : [n])),
          );
          workers[0].terminate();
          match((await rejects(within(dying, 12_000, 'the call'), 'peer-lost')).message, /retry/);
          await within(Promise.all(numbers), 12_000, 'the others');
          deepEqual(await made.run('notes', []), range(100));
          equal(made.stats().crashed, 1);
          await until(() => space.stats().peers === 2, 'one worker');
        },
        make,
      );
    },
  },
  {
    name: 'workers that die again and again lose what they ran, and nothing else',
    run: async (env) => {
      const { workers, make } = keeping(env);
      await withPool(
        env,
        { size: 2 },
        async (made, space) => {
          await Promise.all([made.run('waitOn', ['', 100]), made.run('waitOn', ['', 100])]);
          await until(() => made.stats().size === 2, 'two workers');
          const { used } = space.stats();
          const count = 400;
          let ended = 0;
          const calls = range(count).map((n) => {
            const call = n === 300 ? made.run('exit', []) : made.run('addLater', [n]);
            return call
              .then(
                (result) => (result === n + 1 ? 'right' : 'wrong'),
                (error) => error.code,
              )
              .finally(() => ended++);
          });
          await until(() => ended >= 20, 'the first results');
          workers[1].terminate();
          const outcomes = await within(Promise.all(calls), 15_000, 'all calls');
          const lost = outcomes.filter((one) => one === 'peer-lost').length;
          equal(outcomes.filter((one) => one === 'right').length + lost, count);
          ok(outcomes[300] === 'peer-lost' && lost <= 2, `${lost} lost`);
          await Promise.all([made.run('waitOn', ['', 300]), made.run('waitOn', ['', 300])]);
          await until(() => made.stats().size === 2 && space.stats().peers === 3, 'two workers');
          await settled(space, used);
        },
        make,
      );
    },
  },
  {
    name: 'calls that are aborted while others run leave the rest as they are',
    run: (env) =>
      withPool(env, { size: 1, grace: 8000 }, async (made) => {
        const first = made.run('waitOn', ['', 50]);
        await until(() => made.stats().busy === 1, 'the start');
        /** @type {((reason: unknown) => void)[]} */
        const aborts = [];
        const calls = range(150).map((n) => {
          const { signal, abort } = aborter();
          const options = n % 2 === 0 ? { signal } : {};
          aborts.push(abort);
          return made.run('note', [n], options).then(
            () => 'done',
            (error) => error,
          );
        });
        for (const abort of aborts) abort('enough');
        await first;
        deepEqual(
          await Promise.all(calls),
          range(150).map((n) => (n % 2 === 0 ? 'enough' : 'done')),
        );
        deepEqual(
          await made.run('notes', []),
          range(150).filter((n) => n % 2 === 1),
        );
      }),
  },
  {
    name: 'an idle worker that retires loses no call',
    run: (env) =>
      withPool(env, { size: 2, idleTimeout: 1 }, async (made) => {
        for (const n of range(40)) {
          equal(await within(made.run('add', [n, 1]), 12_000, `call ${n}`), n + 1);
          if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, n % 3));
        }
        const { completed, failed, crashed } = made.stats();
        deepEqual([completed, failed, crashed], [40, 0, 0]);
      }),
  },
  {
    name: 'a pool whose functions yield to their event loop and back has its memory back at the end',
    run: async (env) => {
      const { create, pool } = await import('./sdk.js');
      const space = await create(env.options);
      const { used } = space.stats();
      for (let i = 0; i < 3; i++) {
        /** @type {import('sluice').Pool<import('./serving.js').Api>} */
        const made = pool(space, start(env), { size: 1 });
        await Promise.all(range(80).map((n) => made.run('addLater', [n])));
        await made.close();
      }
      // A worker's place stays with the space.
      await until(() => space.stats().peers === 1, 'the end of the workers');
      const { used: after } = space.stats();
      /** @type {import('sluice').Pool<import('./serving.js').Api>} */
      const last = pool(space, start(env), { size: 1 });
      await last.run('add', [1, 2]);
      await last.close();
      await settled(space, after);
      ok(after - used < 64 * 1024, `${after - used} bytes more`);
      await space.close();
    },
  },
  {
    name: 'blocking workers run calls, sleep in between, and end as they sleep',
    run: async (env) => {
      await withPool(env, { size: 2, blocking: true }, async (made, space) => {
        for (let round = 0; round < 5; round++) {
          deepEqual(
            await within(
              Promise.all(range(100).map((n) => made.run('add', [n, 1]))),
              12_000,
              'the calls',
            ),
            range(101).slice(1),
          );
          await new Promise((resolve) => setTimeout(resolve, 5)); // asleep, or about to be
        }
        await until(() => made.stats().size === 2, 'two workers');
        // Those that wait for their event loop have one.
        deepEqual(
          await Promise.all(range(20).map((n) => made.run('addLater', [n]))),
          range(21).slice(1),
        );
        // What goes by message, an iterable, a transfer, an error.
        const buffer = new ArrayBuffer(8);
        equal(await made.run('bytesOf', [transfer(buffer, [buffer])]), 8);
        const values = [];
        for await (const value of made.call.count(5)) values.push(value);
        deepEqual(values, range(5));
        await rejects(made.run('fail', ['no']), 'declined');
        await rejects(made.run('exit', []), 'peer-lost');
        equal(await within(made.run('add', [1, 2]), 12_000, 'the next call'), 3);
        await within(made.close(), 12_000, 'the close');
        await until(() => space.stats().peers === 1, 'the end of the workers');
      });
    },
  },
  {
    name: 'a blocking worker that computes for too long sees it, or ends after the grace',
    where: shared,
    run: (env) =>
      withPool(env, { size: 1, blocking: true, grace: 500 }, async (made) => {
        await made.run('note', [7]);
        const { signal, abort } = aborter();
        const call = made.run('untilCancelled', [15_000], { signal });
        await until(() => made.stats().busy === 1, 'the start');
        abort('enough');
        await rejects(call, (error) => error === 'enough');
        deepEqual(await within(made.run('notes', []), 7000, 'the next call'), [7]);
        await rejects(made.run('spin', [], { timeout: 20 }), 'timeout');
        deepEqual(await within(made.run('notes', []), 15_000, 'a new worker'), []);
      }),
  },
  {
    name: 'blocking workers that have nothing to do retire',
    where: shared,
    run: (env) =>
      withPool(env, { size: 2, idleTimeout: 20, blocking: true }, async (made, space) => {
        equal(await made.run('add', [1, 2]), 3);
        await until(() => made.stats().size === 0, 'the retirement');
        await within(
          until(() => space.stats().peers === 1, 'its death'),
          1500,
          'a death without delay',
        );
        equal(await made.run('add', [2, 2]), 4);
        equal(made.stats().crashed, 0);
      }),
  },
];
