// remove(): names are taken away, and what they stood for goes when nobody holds it.
import { startAgent, withAgents } from './agent.js';
import { deepEqual, equal, notEqual, ok, rejects, throws, within } from './assert.js';
import {
  barrier,
  cell,
  channel,
  create,
  json,
  mutex,
  remove,
  rwlock,
  semaphore,
  store,
  struct,
  text,
} from './sdk.js';
import { settled, until } from './serving.js';

/** @typedef {import('sluice').Space} Space */

/**
 * @param {import('./env.js').Env} env
 * @param {number} count
 * @param {(space: Space, ...agents: import('./agent.js').Agent[]) => Promise<void>} use
 */
const withThreads = (env, count, use) => withAgents(env, count, use, {}, 'objects.js');

/** Uses an object of each kind by that name, the next with every call. */
const kinds = [
  (/** @type {Space} */ space, /** @type {string} */ name) =>
    cell(space, name, text, 'one').set('x'),
  (/** @type {Space} */ space, /** @type {string} */ name) => cell(space, name, json(), 1).set(2),
  (/** @type {Space} */ space, /** @type {string} */ name) =>
    cell(space, name, struct({ n: 'f64' }), { n: 1 }).set({ n: 2 }),
  (/** @type {Space} */ space, /** @type {string} */ name) => store(space, name).set('k', [1]),
  async (/** @type {Space} */ space, /** @type {string} */ name) =>
    (await mutex(space, name).lock()).release(),
  async (/** @type {Space} */ space, /** @type {string} */ name) => {
    const { read, write } = rwlock(space, name);
    (await read.lock()).release();
    (await write.lock()).release();
  },
  async (/** @type {Space} */ space, /** @type {string} */ name) =>
    (await semaphore(space, name, 3).lock()).release(),
  (/** @type {Space} */ space, /** @type {string} */ name) => barrier(space, name, 1).wait(),
  async (/** @type {Space} */ space, /** @type {string} */ name) => {
    const one = channel(space, name, { codec: text });
    const [sender, receiver] = [one.sender(), one.receiver()];
    await sender.send('record');
    equal(await receiver.receive(), 'record');
    sender.close();
    receiver.close();
  },
];

/** @type {import('./env.js').Case[]} */
export const removals = [
  {
    name: 'remove() takes a name away, and says whether there was one; then it may be another thing',
    run: async (env) => {
      const space = await create(env.options);
      equal(remove(space, 'x'), false);
      for (const use of kinds) {
        await use(space, 'x');
        equal(remove(space, 'x'), true);
        equal(remove(space, 'x'), false);
      }
      await space.close();
    },
  },
  {
    name: 'what objects took of the space comes back when they are removed, many times over',
    run: async (env) => {
      const space = await create(env.options);
      /** @type {number | undefined} */
      let base;
      for (let round = 0; round < 40; round++) {
        for (const use of kinds) {
          await use(space, 'x');
          equal(remove(space, 'x'), true);
        }
        base ??= space.stats().used;
        await settled(space, base);
      }
      deepEqual(Object.keys(space.stats().channels), []);
      await space.close();
    },
  },
  {
    name: 'what this thread removed is "closed" to it, and to what waits there',
    run: async (env) => {
      const space = await create(env.options);
      const value = cell(space, 'c', json(), 1);
      const values = store(space, 's');
      await values.set('a', 1);
      const watching = values.watch('a');
      equal((await watching.next()).value, 1);
      const ends = [rejects(value.changed(value.version), 'closed'), watching.next()];
      remove(space, 'c');
      remove(space, 's');
      equal((await within(Promise.all(ends), 5000, 'the ends'))[1].done, true);
      throws(() => value.get(), 'closed');
      throws(() => value.version, 'closed');
      await rejects(value.set(2), 'closed');
      await rejects(
        value.update((n) => n),
        'closed',
      );
      throws(() => values.get('a'), 'closed');
      await rejects(values.set('a', 2), 'closed');
      await rejects(values.delete('a'), 'closed');
      await rejects(values.replace('a', 1, 2), 'closed');
      equal(cell(space, 'c', json(), 5).get(), 5);

      const [lock, gate] = [mutex(space, 'm'), barrier(space, 'b', 2)];
      const held = await lock.lock();
      const next = lock.lock();
      await Promise.resolve();
      remove(space, 'm');
      remove(space, 'b');
      await rejects(lock.lock(), 'closed');
      await rejects(lock.tryLock(), 'closed');
      await rejects(gate.wait(), 'closed');
      // What was held or waited for goes on; and the new one is free.
      (await mutex(space, 'm').lock()).release();
      held.release();
      (await within(next, 5000, 'the lock')).release();
      await space.close();
    },
  },
  {
    name: 'another thread keeps what it has open of a removed name, until it opens it anew',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await agent.call('set', 'c', 7);
        await agent.call('keepCell', 'old', 'c');
        const mine = cell(space, 'c', json(), 0);
        await mine.ready;
        equal(mine.get(), 7);
        equal(remove(space, 'c'), true);
        const fresh = cell(space, 'c', json(), 1);
        await fresh.ready;
        equal(fresh.get(), 1);
        await agent.call('setKept', 'old', 8);
        equal(await agent.call('getKept', 'old'), 8);
        equal(fresh.get(), 1);
        await until(async () => (await agent.call('get', 'c')) === 1, 'the new one');
        await rejects(agent.call('getKept', 'old'), 'closed');
        await agent.call('set', 'c', 2);
        await until(() => fresh.get() === 2, 'its change');
      }),
  },
  {
    name: 'a lock that is removed stays with who holds it, and the next by that name is free',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await agent.call('lock', 'a', 'mutex', 'm');
        // Known here too, so that remove() can say so on either transport.
        equal(await mutex(space, 'm').tryLock(), undefined);
        equal(remove(space, 'm'), true);
        const held = await within(mutex(space, 'm').lock(), 5000, 'the new one');
        await agent.call('release', 'a');
        // It has the old one until it hears that its name is gone.
        await until(async () => {
          const got = await agent.call('tryLock', 'b', 'mutex', 'm');
          await agent.call('release', 'b');
          return !got;
        }, 'it is taken');
        held.release();
        notEqual(await agent.call('lock', 'b', 'mutex', 'm', 1, { timeout: 5000 }), undefined);
      }),
  },
  {
    name: "a channel's open ends go on after it is removed, apart from the next by that name",
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        const base = space.stats().used;
        const options = /** @type {const} */ ({ kind: 'spsc', codec: text });
        await agent.call('receiver', 'c');
        const old = channel(space, 'c', options).sender();
        await old.send('before');
        equal(await agent.call('receive', 'c'), 'before');
        equal(remove(space, 'c'), true);
        await old.send('after');
        const other = { ...options, capacity: 1024 };
        const [sender, receiver] = [
          channel(space, 'c', other).sender(),
          channel(space, 'c', other).receiver(),
        ];
        await sender.send('apart');
        equal(await agent.call('receive', 'c'), 'after');
        equal(await receiver.receive(), 'apart');
        const end = rejects(agent.call('receive', 'c'), 'closed');
        old.close();
        await within(end, 5000, 'the end');
        sender.close();
        receiver.close();
        equal(remove(space, 'c'), true);
        await agent.call('closeReceiver', 'c');
        if (env.transport === 'message') return;
        // The agent's own thread knows the channel by its name until it is told.
        ok(space.stats().used > base);
        equal(await agent.call('remove', 'c'), false);
        await settled(space, base);
      }),
  },
  {
    name: 'a thread that dies holds nothing any more of what was removed',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const first = await startAgent(env, space, 'objects.js');
        await first.peer.terminate();
        const base = space.stats().used;
        const second = await startAgent(env, space, 'objects.js');
        await second.call('storeSet', 's', 'k', 'x'.repeat(10_000));
        await store(space, 's', { codec: json(), entries: 16 }).ready;
        equal(remove(space, 's'), true);
        if (env.transport === 'shared') ok(space.stats().used > base + 10_000);
        await within(second.peer.terminate(), 12_000, 'its end');
        await settled(space, base);
        equal(await agent.call('storeGet', 's', 'k'), undefined);
      }),
  },
  {
    name: 'closing the space ends what waits on something that was removed',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        await agent.call('receiver', 'c');
        const mine = channel(space, 'c', { kind: 'spsc', codec: text }).sender();
        await mine.send('x');
        equal(await agent.call('receive', 'c'), 'x');
        const end = rejects(agent.call('receive', 'c'), 'closed');
        equal(remove(space, 'c'), true);
        await space.close();
        await within(end, 9000, 'the receive');
      }),
  },
  {
    name: 'remove() of what cannot be a name is refused',
    run: async (env) => {
      const space = await create(env.options);
      throws(
        () => remove(space, ''),
        (error) => error instanceof TypeError,
      );
      throws(() => remove(space, 'n'.repeat(101)), 'too-large');
      await space.close();
      throws(() => remove(space, 'x'), 'closed');
    },
  },
];
