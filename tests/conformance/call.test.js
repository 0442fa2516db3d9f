// Calls: serve() and connect().
import { deepEqual, equal, match, notEqual, ok, rejects, throws, within } from './assert.js';
import { connect, create, proxy, SluiceError, serve, spawn, transfer, withOptions } from './sdk.js';
import { aborter, DISPOSE, settled, until, withServer } from './serving.js';

/** @typedef {import('./env.js').Env} Env */

/** A port that is served in this thread. @param {Record<string, (...args: any[]) => unknown>} api */
function served(api) {
  const { port1, port2 } = new MessageChannel();
  serve(api, port1);
  return { port: port2, done: () => port1.close() };
}

/** The worker has had a turn. @param {Worker} worker @returns {Promise<void>} */
const pong = (worker) =>
  new Promise((resolve) => {
    worker.addEventListener('message', function listen({ data }) {
      if (data !== 'pong') return;
      worker.removeEventListener('message', listen);
      resolve();
    });
    worker.postMessage('ping');
  });

/** @type {import('./env.js').Case[]} */
export const calls = [
  {
    name: 'a call gives what the function gives, at once or later',
    run: (env) =>
      withServer(env, async (remote) => {
        equal(await remote.add(1, 2), 3);
        equal(await remote.addLater(1), 2);
        const value = { list: [1, new Date(0)], map: new Map([['a', new Set([1n])]]) };
        deepEqual(await remote.echo(value), value);
        equal(await remote.echo(undefined), undefined);
      }),
  },
  {
    name: "a served function has the worker's space",
    run: (env) =>
      withServer(env, async (remote) => {
        equal(await remote.transport(), env.transport);
      }),
  },
  {
    name: "one caller's calls start in order",
    run: (env) =>
      withServer(env, async (remote) => {
        /** @type {Promise<unknown>[]} */
        const all = [];
        for (let i = 0; i < 200; i++) {
          all.push(i % 3 === 0 ? remote.noteSlowly(i, 200 - i) : remote.note(i));
        }
        await Promise.all(all);
        deepEqual(
          await remote.notes(),
          all.map((_, i) => i),
        );
      }),
  },
  {
    name: 'a worker that nobody spawned serves too',
    run: async (env) => {
      const worker = env.worker('serve.js');
      const [remote, other] = [connect(worker), connect(worker)];
      equal(await /** @type {any} */ (remote).add(1, 2), 3);
      equal(await /** @type {any} */ (other).add(2, 2), 4);
      equal(await /** @type {any} */ (remote).transport(), undefined);
      worker.terminate();
      await rejects(
        within(/** @type {any} */ (other).add(2, 2), 10_000, 'the call'),
        // Without Web Locks or a port that tells nobody knows; there every engine here has one.
        'peer-lost',
      );
    },
  },
  {
    name: 'nothing is answered before the death of who answers could be seen',
    where: ({ engine }) => engine !== 'node', // where the exit event needs no preparation
    run: async (env) => {
      const worker = env.worker('late-proof.js');
      const remote = /** @type {any} */ (connect(worker));
      let answered = false;
      const call = remote.add(1, 2).then(() => {
        answered = true;
      });
      for (let i = 0; i < 300; i++) await pong(worker);
      equal(answered, false);
      worker.postMessage('grant');
      await call;
      worker.terminate();
      await rejects(within(remote.add(2, 2), 10_000, 'the call'), 'peer-lost');
    },
  },
  {
    name: 'a port serves, also in the same thread',
    run: async (env) => {
      const space = await create(env.options);
      const { port } = served({
        /** @param {number} n @this {import('sluice').Call} */
        twice(n) {
          return [2 * n, this.space === space, this.cancelled];
        },
      });
      const remote = /** @type {any} */ (connect(port, { space }));
      deepEqual(await remote.twice(4), [8, true, false]);
      const used = space.stats().used;
      await remote[DISPOSE]();
      equal(space.stats().used <= used, true);
      await space.close();
    },
  },
  {
    name: 'a function that is not served is a "mismatch" that names those that are',
    run: (env) =>
      withServer(env, async (remote) => {
        const any = /** @type {any} */ (remote);
        const error = await rejects(any.ad(1, 2), 'mismatch');
        match(error.message, /"ad".*add/);
        await rejects(any.toString(), 'mismatch');
        await rejects(any.constructor(), 'mismatch');
        equal(await remote.add(1, 2), 3);
      }),
  },
  {
    name: 'a remote may be awaited and passed on, and is no promise',
    run: (env) =>
      withServer(env, async (remote) => {
        equal(await remote, remote);
        equal(await Promise.resolve(remote), remote);
        equal(/** @type {any} */ (remote).then, undefined);
        equal(remote.add, remote.add);
      }),
  },
  {
    name: 'an error crosses with name, message, stack, code, cause and own fields',
    run: (env) =>
      withServer(env, async (remote) => {
        const error = await rejects(remote.fail('declined'), 'declined');
        equal(error instanceof RangeError, true);
        equal(error.name, 'CardError');
        equal(error.message, 'declined');
        equal(error.card, 42);
        match(error.stack, /serve\.js/);
        ok(error.cause instanceof TypeError);
        match(error.cause.message, /another bank/);
        const full = await rejects(remote.reject(), 'full');
        ok(full instanceof SluiceError);
        const both = await rejects(remote.aggregate(), /both failed/);
        deepEqual(
          both.errors.map((/** @type {Error} */ { message }) => message),
          ['one', 'two'],
        );
        await rejects(remote.badError(), /cannot be read/);
      }),
  },
  {
    name: 'an error crosses the other way, from a callback',
    run: (env) =>
      withServer(env, async (remote) => {
        const callback = proxy(() => {
          throw Object.assign(new SyntaxError('of the page'), { row: 3 });
        });
        const error = await rejects(remote.apply(callback), /of the page/);
        ok(error instanceof SyntaxError);
        equal(/** @type {any} */ (error).row, 3);
      }),
  },
  {
    name: 'what is thrown and no error arrives as it is',
    run: (env) =>
      withServer(env, async (remote) => {
        for (const value of ['text', 0, undefined, null]) {
          await rejects(remote.throwIt(value), (error) => Object.is(error, value));
        }
        await rejects(remote.throwIt({ a: 1 }), (error) => error.a === 1);
      }),
  },
  {
    name: 'an argument or a result that cannot be cloned rejects that call alone',
    run: (env) =>
      withServer(env, async (remote) => {
        const before = remote.add(1, 2);
        const error = await rejects(remote.echo(/** @type {any} */ (() => 1)), 'clone');
        match(error.message, /argument of echo\(\).*proxy/);
        ok(error.cause);
        match((await rejects(remote.uncloneable(), 'clone')).message, /result of uncloneable\(\)/);
        equal(await before, 3);
        equal(await remote.add(2, 2), 4);
      }),
  },
  {
    name: 'an abort rejects with the reason and reaches the function with it',
    run: (env) =>
      withServer(env, async (remote) => {
        const { signal, abort } = aborter();
        const reason = new SluiceError('closed', 'not needed any more');
        const call = withOptions(remote, { signal }).untilAborted();
        await until(() => remote.recall('reason started'), 'the start');
        abort(reason);
        await rejects(call, (error) => error === reason);
        await until(() => remote.recall('reason'), 'the reason over there');
        equal((await remote.recall('reason')).message, reason.message);
        await rejects(
          withOptions(remote, { signal }).add(1, 2),
          (error) => error === reason,
          'of a signal that was aborted before',
        );
      }),
  },
  {
    name: 'a call has a time limit',
    run: (env) =>
      withServer(env, async (remote) => {
        const hasty = withOptions(remote, { timeout: 20 });
        match((await rejects(hasty.hang(), 'timeout')).message, /hang\(\).*20 ms/);
        equal(await remote.add(1, 2), 3);
        const wrong = withOptions(remote, { timeout: /** @type {any} */ ('x') });
        await rejects(wrong.add(1, 2), (error) => error instanceof TypeError);
      }),
  },
  {
    name: '`cancelled` turns true in mid-computation where memory is shared',
    run: (env) =>
      withServer(env, async (remote) => {
        const { signal, abort } = aborter();
        const call = withOptions(remote, { signal }).computeAndTell(
          env.transport === 'shared' ? 15_000 : 300,
        );
        const reason = new Error('enough');
        // It has begun when this turn's message has gone out and it does not answer another call.
        abort(reason);
        await rejects(call, (error) => error === reason);
        const cancelled = await within(remote.recall('cancelled'), 9000, 'the end of the other');
        equal(cancelled, env.transport === 'shared');
        equal((await remote.recall('word')) > 0, env.transport === 'shared');
        // The next call that has the same word does not see it.
        const next = [1, 2, 3].map(() => remote.untilCancelled(5));
        deepEqual(await Promise.all(next), Array(3).fill('the time was up'));
      }),
  },
  {
    name: 'an async iterable comes as it is asked for',
    run: (env) =>
      withServer(env, async (remote) => {
        const all = [];
        for await (const i of remote.count(100)) all.push(i);
        deepEqual(
          all,
          Array.from({ length: 100 }, (_, i) => i),
        );
        equal(await remote.finallies(), 1);
        const awaited = /** @type {any} */ (await remote.count(2));
        deepEqual(await awaited.next(), { done: false, value: 0 });
        deepEqual(await awaited.next(), { done: false, value: 1 });
        deepEqual(await awaited.next(), { done: true, value: undefined });
        deepEqual(await awaited.next(), { done: true, value: undefined });
        await rejects(/** @type {any} */ (remote.add(1, 2)).next(), /no async iterable/);
      }),
  },
  {
    name: 'a slow reader holds the producer back',
    run: (env) =>
      withServer(env, async (remote) => {
        const values = remote.count(10_000);
        for (let i = 0; i < 20; i++) equal((await values.next()).value, i);
        for (let i = 0; i < 20; i++) await remote.add(1, 2);
        ok((await remote.produced()) <= 60, `${await remote.produced()} were produced for 20`);
        await values.return?.();
      }),
  },
  {
    name: "leaving a loop runs the producer's finally",
    run: (env) =>
      withServer(env, async (remote) => {
        for await (const i of remote.count(1e6)) if (i === 5) break;
        await until(async () => (await remote.finallies()) === 1, 'the finally');
        for await (const i of remote.stuck()) if (i === 1) break;
        await until(async () => (await remote.finallies()) === 2, 'the finally of a stuck one');
        const { signal, abort } = aborter();
        const reason = new Error('enough');
        const values = withOptions(remote, { signal }).count(1e6);
        await values.next();
        abort(reason);
        await rejects(
          async () => {
            for await (const _ of values);
          },
          (error) => error === reason,
        );
        await until(async () => (await remote.finallies()) === 3, 'the finally of an aborted one');
      }),
  },
  {
    name: 'an iterable that fails ends with its error, after what it gave',
    run: (env) =>
      withServer(env, async (remote) => {
        /** @type {number[]} */
        const got = [];
        const error = await rejects(async () => {
          for await (const i of remote.count(9, 3)) got.push(i);
        }, /no 3/);
        ok(error instanceof RangeError);
        deepEqual(got, [0, 1, 2]);
        await rejects(async () => {
          for await (const _ of remote.uncloneables());
        }, 'clone');
        equal(await remote.finallies(), 2);
      }),
  },
  {
    name: 'a callback is called over there until it is released',
    run: (env) =>
      withServer(env, async (remote) => {
        /** @type {number[]} */
        const heard = [];
        const callback = proxy((/** @type {number} */ n) => heard.push(n));
        equal(await remote.apply(callback, 5), 1);
        await remote.keep(callback);
        equal(await remote.callKept(6), 2);
        deepEqual(heard, [5, 6]);
        await remote.releaseKept();
        await rejects(remote.callKept(7), 'closed');
        const add = /** @type {any} */ (await remote.adder(10));
        equal(await add(5), 15);
        add.release();
        await rejects(add(5), 'closed');
        throws(() => proxy(/** @type {any} */ (1)), /takes a function/);
      }),
  },
  {
    name: 'buffers are handed over in both directions',
    run: (env) =>
      withServer(env, async (remote) => {
        const marked = new ArrayBuffer(1000);
        equal(await remote.bytesOf(transfer(marked, [marked])), 1000);
        equal(marked.byteLength, 0);
        const listed = new ArrayBuffer(1000);
        equal(await withOptions(remote, { transfer: [listed] }).bytesOf(listed), 1000);
        equal(listed.byteLength, 0);
        const { buffer } = await remote.give(500);
        equal(buffer.byteLength, 500);
        equal(new Uint8Array(buffer)[499], 7);
        equal(await remote.leftOfGiven(), 0);
      }),
  },
  {
    name: 'options of a remote add up, and leave the first as it was',
    run: (env) =>
      withServer(env, async (remote) => {
        const hasty = withOptions(withOptions(remote, { timeout: 20 }), { priority: 1 });
        await rejects(hasty.hang(), 'timeout');
        equal(await remote.addLater(1), 2);
        throws(
          () => withOptions(/** @type {any} */ ({}), {}),
          (error) => error instanceof TypeError,
        );
      }),
  },
  {
    name: 'a connection that is closed rejects what is under way with "closed"',
    run: (env) =>
      withServer(env, async (remote, peer, space) => {
        const used = space.stats().used;
        const other = /** @type {typeof remote} */ (/** @type {unknown} */ (connect(peer)));
        const hanging = other.hang();
        const aborted = other.untilAborted('closing');
        const values = other.stuck();
        equal((await values.next()).value, 1);
        await other[DISPOSE]();
        await other[DISPOSE]();
        await rejects(hanging, 'closed');
        await rejects(aborted, 'closed');
        await rejects(values.next(), 'closed');
        await rejects(other.add(1, 2), 'closed');
        await until(() => remote.recall('closing'), 'the abort over there');
        await until(async () => (await remote.finallies()) === 1, 'the finally over there');
        equal(await remote.add(1, 2), 3);
        await settled(space, used);
      }),
  },
  {
    name: 'closing the space closes the connections over it',
    run: (env) =>
      withServer(env, async (remote, _peer, space) => {
        const hanging = remote.hang();
        await remote.add(1, 2);
        const closed = rejects(hanging, 'closed');
        await space.close();
        await closed;
        await rejects(remote.add(1, 2), 'closed');
      }),
  },
  {
    name: 'a thread at whose port nobody serves is a "load" error at the deadline',
    run: async () => {
      const { port1 } = new MessageChannel();
      const remote = /** @type {any} */ (connect(port1, { timeout: 300 }));
      const error = await rejects(remote.add(1, 2), 'load');
      match(error.message, /serve\(\) within 300 ms/);
    },
  },
  {
    name: 'a worker that attaches and does not serve is a "load" error at the deadline',
    run: async (env) => {
      const space = await create(env.options);
      const peer = await spawn(space, () => env.worker('agent.js'));
      const remote = /** @type {any} */ (connect(peer, { timeout: 300 }));
      await rejects(remote.add(1, 2), 'load');
      peer.worker.terminate();
      await space.close({ timeout: 5000 }).catch(() => {});
    },
  },
  {
    name: 'connect() and serve() say what they take',
    run: async (env) => {
      for (const wrong of [undefined, 1, {}, []]) {
        throws(
          () => connect(/** @type {any} */ (wrong)),
          (error) => error instanceof TypeError,
        );
        if (typeof wrong === 'object') continue;
        throws(
          () => serve(/** @type {any} */ (wrong)),
          (error) => error instanceof TypeError,
        );
      }
      throws(() => serve({}), /worker.*port/, 'in a page');
      const { port1 } = new MessageChannel();
      throws(() => connect(port1, { timeout: -1 }), /timeout is milliseconds/);
      port1.close();
      const twice = env.worker('serve-twice.js');
      throws(() => serve({}, /** @type {any} */ (twice)), /takes a MessagePort/);
      const error = await rejects(/** @type {any} */ (connect(twice)).error(), /twice|before/);
      notEqual(error, undefined);
      twice.terminate();
    },
  },
];
