// Lifetimes: what is closed twice is closed once, copies of the module share a thread, and what is
// made and closed many times leaves nothing behind.
import { listen, startAgent } from './agent.js';
import { deepEqual, equal, ok, rejects, throws, within } from './assert.js';
import * as sdk from './sdk.js';
import { settled, start, until } from './serving.js';

const { alloc, cell, channel, connect, create, json, mutex, pool, remove, spawn, text } = sdk;

/** @typedef {import('./env.js').Env} Env */

/** @type {typeof Symbol.dispose} */
const DISPOSE = /** @type {any} */ (Symbol.dispose ?? Symbol.for('Symbol.dispose'));
/** @type {typeof Symbol.asyncDispose} */
const ASYNC_DISPOSE = /** @type {any} */ (Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose'));

/** A second copy of the module in this thread. @param {Env} env @returns {Promise<typeof sdk>} */
const secondCopy = (env) =>
  import(env.url(env.engine === 'node' ? 'build/second/sluice.node.js' : 'build/second/sluice.js'));

/** What the browser holds and awaits of our Web Locks. */
async function webLocks() {
  if (!globalThis.navigator?.locks) return 0;
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].filter(({ name }) => name?.startsWith('sluice')).length;
}

/** A space used in each way, and closed. @param {Env} env @param {number} round */
async function useOnce(env, round) {
  const space = await create({ ...env.options, bytes: 2 ** 19 });
  const lines = channel(space, 'c', { codec: text });
  const [sender, receiver] = [lines.sender(), lines.receiver()];
  await sender.send('line');
  equal(await receiver.receive(), 'line');
  const waiting = rejects(receiver.receive(), 'closed');
  await cell(space, 'x', json(), 0).set(round);
  const held = await mutex(space, 'm').lock();
  const watching = cell(space, 'x', json(), 0).watch();
  equal((await watching.next()).value, round);
  const end = watching.next();
  held.release();
  alloc(space, 100);
  await space.close();
  await waiting;
  equal((await end).done, true);
}

/** @type {import('./env.js').Case[]} */
export const lifetimes = [
  {
    name: 'what is closed or disposed of twice is closed once, by the names that `using` calls',
    run: async (env) => {
      const space = await create(env.options);
      const peer = await spawn(space, start(env));
      const remote = /** @type {any} */ (connect(peer));
      const made = pool(space, start(env), { size: 1 });
      equal(await remote.add(1, 2), 3);
      const lines = channel(space, 'c', { codec: text });
      const held = await mutex(space, 'm').lock();
      const next = mutex(space, 'm').lock();
      for (const one of [lines.sender(), lines.receiver(), held, alloc(space, 8)]) {
        /** @type {any} */ (one)[DISPOSE]();
        /** @type {any} */ (one)[DISPOSE]();
      }
      // The second release did not take it from its new owner.
      const second = await next;
      equal(await mutex(space, 'm').tryLock(), undefined);
      second.release();
      for (const one of [remote, made, peer, space]) {
        const ends = [one[ASYNC_DISPOSE](), one[ASYNC_DISPOSE]()];
        await within(Promise.all(ends), 12_000, 'the end');
        await within(one[ASYNC_DISPOSE](), 5000, 'the end again');
      }
      await space.close();
      await made.close();
      await peer.terminate();
      throws(() => space.stats(), 'closed');
    },
  },
  {
    name: 'two copies of the module in one thread work on one space',
    run: async (env) => {
      const other = await secondCopy(env);
      ok(other.create !== create, 'it is another copy');
      const space = await create(env.options);
      const base = space.stats().used;
      const sender = channel(space, 'c', { codec: text }).sender();
      const receiver = other.channel(space, 'c', { codec: other.text }).receiver();
      await sender.send('from one to the other');
      equal(await receiver.receive(), 'from one to the other');
      const mine = cell(space, 'x', json(), 0);
      await other.cell(space, 'x', other.json(), 0).set(5);
      equal(mine.get(), 5);
      // Neither has what the other holds, nor gives it back.
      const mutexes = [mutex(space, 'm'), other.mutex(space, 'm')];
      const held = await mutexes[0].lock();
      equal(await mutexes[1].tryLock(), undefined);
      const next = mutexes[1].lock();
      held.release();
      const second = await within(next, 5000, 'the lock');
      held.release();
      equal(await mutexes[0].tryLock(), undefined);
      second.release();
      const one = alloc(space, 8);
      const same = other.block(space, one.handle);
      one[DISPOSE]();
      same.bytes[0] = 1;
      same[DISPOSE]();
      sender.close();
      receiver.close();
      for (const name of ['c', 'x', 'm']) equal(other.remove(space, name), true);
      throws(() => mine.get(), 'closed');
      await settled(space, base);
      const peer = await other.spawn(space, start(env));
      const remote = /** @type {any} */ (connect(peer));
      equal(
        await remote.apply(
          other.proxy((/** @type {number} */ n) => n + 1),
          1,
        ),
        2,
      );
      const locks = await webLocks();
      equal(await /** @type {any} */ (other.connect(peer)).add(1, 2), 3);
      equal(await webLocks(), locks, 'one proves the life of the thread');
      await peer.terminate();
      await space.close();
      throws(() => other.channel(space, 'c'), 'closed');
    },
  },
  {
    name: 'two copies of the module in a worker attach once',
    run: async (env) => {
      const space = await create(env.options);
      const receiver = channel(space, 'c', { codec: text }).receiver();
      /** @type {Promise<any>} */
      let answer = Promise.resolve();
      const peer = await spawn(space, () => {
        const worker = env.worker('twice.js');
        answer = new Promise((resolve) => {
          listen(worker, (data) => 'same' in data && resolve(data));
        });
        return worker;
      });
      deepEqual(await within(answer, 12_000, 'the worker'), { same: true, another: true });
      equal(await receiver.receive(), 'by the second copy');
      const remote = /** @type {any} */ (connect(peer));
      equal(await within(remote.twice(4), 12_000, 'the call'), 8);
      equal(space.stats().peers, 2);
      await peer.terminate();
      await space.close();
    },
  },
  {
    name: 'spaces, workers and pools that are made and closed again and again leave nothing',
    run: async (env) => {
      const space = await create(env.options);
      /** @param {number} round */
      const usePool = async (round) => {
        const made = pool(space, start(env), { size: 1 });
        equal(await made.run('add', [round, 1]), round + 1);
        await made.close();
        await until(() => space.stats().peers === 1, 'the death');
      };
      await usePool(0);
      const base = space.stats();
      const before = await webLocks();
      for (let round = 1; round <= 1000; round++) await useOnce(env, round);
      for (let round = 0; round < 5; round++) {
        await usePool(round);
        const agent = await startAgent(env, space);
        await agent.call('sender', 'c', { kind: 'mpmc' });
        await agent.peer.terminate();
        remove(space, 'c');
        await until(() => space.stats().peers === base.peers, 'the death');
        await settled(space, base.used);
      }
      await space.close();
      await until(async () => (await webLocks()) === before, 'the locks');
    },
  },
];
