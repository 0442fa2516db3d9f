// What goes on for days: nothing of what has passed is kept, by neither thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as sdk from 'sluice';
import { growth, inUse, resources } from './growth.js';

/** Bytes that one step may seem to leave; what is kept of it takes more. */
const LEAK = 600;
const ROUNDS = 4;
/** Steps of a round: more of those that take little. */
const TIMES = 150;
const MANY = 1000;

const make = () => /** @type {any} */ (new Worker(new URL('endless.worker.js', import.meta.url)));

/** For each step something new. @param {number} size */
function texts(size) {
  let count = 0;
  return () => String(count++).padEnd(size, 'x');
}

function* endless() {
  for (const next = texts(200); ; ) yield next();
}

/**
 * What is opened before and goes on; a step of it; and of some what ends it.
 *
 * @typedef {{space: sdk.Space, peer: sdk.Peer, remote: any, pool: any, signal: AbortSignal}} Stage
 * @typedef {{step: () => Promise<unknown>, end?: () => unknown, times?: number}} Play
 * @type {Record<string, (stage: Stage) => Play>}
 */
const plays = {
  'map() in order': ({ pool, signal }) => {
    const results = pool.map('echo', endless(), { signal });
    return { step: () => results.next(), end: () => results.return() };
  },
  'map() in any order': ({ pool }) => {
    const results = pool.map('echo', endless(), { ordered: false });
    return { step: () => results.next(), end: () => results.return() };
  },
  'through()': ({ pool }) => {
    const { readable, writable } = pool.through('echo');
    const [reader, writer, next] = [readable.getReader(), writable.getWriter(), texts(200)];
    return {
      step: () => Promise.all([writer.write(next()), reader.read()]),
      end: () => reader.cancel(),
    };
  },
  'an async iterable that a worker serves': ({ remote }) => {
    const feed = remote.feed();
    return { step: () => feed.next(), end: () => feed.return(), times: MANY };
  },
  'calls with one signal for all': ({ pool, remote, signal }) => {
    const next = texts(200);
    const patient = sdk.withOptions(remote, { signal, timeout: 60_000 });
    return {
      step: () =>
        Promise.all([
          patient.echo(next()),
          pool.run('echo', [next()], { signal, timeout: 60_000 }),
        ]),
    };
  },
  'calls with large arguments and results': ({ remote }) => {
    const next = texts(20_000);
    return { step: () => remote.echo(next()) };
  },
  "a pool's calls with large arguments and results": ({ pool }) => {
    const next = texts(20_000);
    return { step: () => pool.run('echo', [next()]), times: MANY };
  },
  'calls that are given up': ({ pool, remote }) => ({
    async step() {
      const abort = new AbortController();
      const { signal } = abort;
      const calls = [
        sdk.withOptions(remote, { signal }).echo('late'),
        pool.run('echo', ['late'], { signal }),
      ];
      abort.abort();
      await Promise.allSettled(calls);
    },
  }),
  callbacks: ({ remote }) => ({
    step: () => remote.tell(sdk.proxy(async () => {})),
  }),
  'connections to one worker': ({ space, peer }) => ({
    async step() {
      const one = /** @type {any} */ (sdk.connect(peer, { space }));
      await one.echo(1);
      await one[/** @type {any} */ (Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose'))]();
    },
  }),
  "a channel's ends, in two threads": ({ space, remote, signal }) => {
    const { sender, receiver } = sdk.channel(space, 'records', { codec: sdk.text });
    const [lasting, reading] = [sender(), receiver()];
    return {
      async step() {
        await Promise.all([remote.send(), reading.receive({ signal, timeout: 60_000 })]);
        const one = receiver();
        await assert.rejects(one.receive({ timeout: 0 }), { code: 'timeout' });
        one.close();
      },
      end() {
        lasting.close();
        reading.close();
      },
    };
  },
  'keys of a store that come and go': ({ space }) => {
    const [store, next] = [sdk.store(space, 'orders', { codec: sdk.text }), texts(90)];
    return {
      async step() {
        for (let i = 0; i < 10; i++) {
          const key = next();
          await store.set(key, 'open');
          const watch = store.watch(key);
          assert.equal((await watch.next()).value, 'open');
          await store.delete(key);
          assert.equal((await watch.next()).value, undefined);
          await watch.return?.(undefined);
        }
      },
    };
  },
  'values of a cell': ({ space, signal }) => {
    const [cell, next] = [sdk.cell(space, 'price', sdk.json(), ''), texts(200)];
    return {
      async step() {
        const watch = cell.watch({ signal });
        await watch.next();
        await Promise.all([watch.next(), cell.set(next())]);
        await watch.return?.(undefined);
      },
    };
  },
  'a mutex that is waited for': ({ space, signal }) => {
    const mutex = sdk.mutex(space, 'm');
    return {
      async step() {
        const held = await mutex.lock({ signal, timeout: 60_000 });
        const next = mutex.lock({ signal });
        await assert.rejects(mutex.lock({ timeout: 0 }), { code: 'timeout' });
        held.release();
        (await next).release();
      },
    };
  },
};

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  test(`over ${transport}`, async (t) => {
    const options = transport === 'message' ? { transport } : {};
    const space = await sdk.create({ ...options, bytes: 2 ** 23 });
    const peer = await sdk.spawn(space, make);
    const remote = /** @type {any} */ (sdk.connect(peer, { space }));
    const pool = /** @type {any} */ (sdk.pool(space, make, { size: 1 }));
    const stage = { space, peer, remote, pool, signal: new AbortController().signal };
    await pool.run('echo', [1]);
    await inUse(); // the call is behind us
    const kept = resources();
    /** @type {Error[]} */
    const warnings = [];
    process.on('warning', (warning) => warnings.push(warning));
    await t.test(
      'a dozen who wait with one signal, and a dozen connections, bring no warning',
      async () => {
        const { signal } = new AbortController();
        const remotes = Array.from({ length: 12 }, () => sdk.connect(peer, { space }));
        await Promise.all(remotes.map((one) => /** @type {any} */ (one).echo(1)));
        await Promise.all(remotes.map(() => pool.run('echo', [1], { signal })));
        for (const one of remotes)
          await /** @type {any} */ (one)[
            Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
          ]();
        await inUse(); // they are told in a later turn
        assert.deepEqual(warnings, []);
      },
    );
    for (const [name, open] of Object.entries(plays)) {
      await t.test(`${name} leave nothing`, { timeout: 60_000 }, async () => {
        const { step, end, times = TIMES } = open(stage);
        const act = async () => {
          await step();
        };
        const both = async () => (await inUse()) + (await remote.inUse());
        const bytes = await growth(act, ROUNDS, times, both);
        await end?.();
        assert.ok(bytes < LEAK, `${bytes} bytes a step`);
        // What was under way ends, and nothing keeps this process then.
        while (resources() !== kept) await new Promise((resolve) => setImmediate(resolve));
      });
    }
    await pool.close();
    await peer.terminate();
    await space.close();
  });
}
