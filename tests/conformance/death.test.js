// Death and hanging: each way in which a worker may fail, while a pool has work. All that is pending
// settles with the right code, and the pool and the space go on, with nothing lost of the memory.
import { listen, startAgent, withAgents } from './agent.js';
import { deepEqual, equal, match, ok, rejects, within } from './assert.js';
import { attach, cell, channel, create, json, mutex, pool, spawn, struct, text } from './sdk.js';
import { settled, start, until, withPool, withServer } from './serving.js';

/** @typedef {import('./env.js').Env} Env */
/** @typedef {import('sluice').Pool<import('./serving.js').Api>} Pool */

/**
 * @typedef {object} Way
 * @property {string} name
 * @property {string} code that the call rejects with, or 'none'
 * @property {(pool: Pool, worker: () => Worker, space: import('sluice').Space) => Promise<unknown>} act
 * @property {boolean} [dies] the worker; default: not
 * @property {(setting: import('./env.js').Setting) => boolean} [where]
 */

/** @param {number} ms */
function compute(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Once the pool's only worker runs the call. @param {Pool} made @param {() => void} act */
async function whenBusy(made, act) {
  await until(() => made.stats().busy === 1, 'the start');
  act();
}

const inNode = (/** @type {import('./env.js').Setting} */ { engine }) => engine === 'node';

/** @type {Way[]} */
const ways = [
  { name: 'throws', code: 'declined', act: (made) => made.run('fail', ['x']) },
  { name: 'rejects', code: 'full', act: (made) => made.run('reject', []) },
  {
    name: 'is given what cannot be cloned',
    code: 'clone',
    act: (made) => made.run('echo', [() => 1]),
  },
  {
    name: 'gives what cannot be cloned',
    code: 'clone',
    act: (made) => made.run('uncloneable', []),
  },
  { name: 'ends itself', code: 'peer-lost', dies: true, act: (made) => made.run('exit', []) },
  {
    name: 'throws outside of the call, in Node, which ends it',
    code: 'peer-lost',
    dies: true,
    where: inNode,
    act: (made) => made.run('throwOutside', []),
  },
  {
    name: 'throws outside of the call, in a browser, where it goes on',
    code: 'none',
    where: (setting) => !inNode(setting),
    act: (made) => made.run('throwOutside', []),
  },
  {
    name: 'is terminated from outside',
    code: 'peer-lost',
    dies: true,
    act: (made, worker) => {
      const call = made.run('hang', []);
      whenBusy(made, () => worker().terminate());
      return call;
    },
  },
  {
    name: 'is terminated in mid-computation',
    code: 'peer-lost',
    dies: true,
    act: (made, worker) => {
      const call = made.run('spin', []);
      whenBusy(made, () => worker().terminate());
      return call;
    },
  },
  {
    name: 'is terminated while the page is busy for 3 s',
    code: 'peer-lost',
    dies: true,
    act: (made, worker) => {
      const call = made.run('hang', []);
      whenBusy(made, () => {
        worker().terminate();
        compute(3000);
      });
      return call;
    },
  },
  {
    name: 'never answers',
    code: 'timeout',
    dies: true,
    act: (made) => made.run('hang', [], { timeout: 50 }),
  },
  {
    name: 'computes for ever',
    code: 'timeout',
    dies: true,
    act: (made) => made.run('spin', [], { timeout: 50 }),
  },
];

/** @param {Way} way @returns {import('./env.js').Case} */
const inPool = ({ name, code, act, where, dies = false }) => ({
  name: `the pool and the space go on when a worker ${name}`,
  where,
  run: async (env) => {
    /** @type {Worker[]} */
    const workers = [];
    const make = () => {
      const worker = env.worker('serve.js');
      workers.push(worker);
      return worker;
    };
    await withPool(
      env,
      { size: 1, grace: 50 },
      async (made, space) => {
        equal(await made.run('note', [1]).then(([n]) => n), 1);
        // Its successor starts before it is dead: in a place that stays with the space.
        await (await spawn(space, start(env))).terminate();
        const { used, peers } = space.stats();
        const call = act(made, () => workers[0], space);
        const after = [made.run('add', [1, 2]), made.run('addLater', [3])];
        if (code === 'none') await within(call, 12_000, 'the call');
        else await rejects(within(call, 12_000, 'the call'), code);
        deepEqual(await within(Promise.all(after), 15_000, 'the calls behind it'), [3, 4]);
        deepEqual(await made.run('notes', []), dies ? [] : [1]);
        equal(workers.length, dies ? 2 : 1);
        await until(() => space.stats().peers === peers, 'the death');
        await settled(space, used);
      },
      make,
    );
  },
});

/** The next record, if there is one now. @param {import('sluice').Receiver<any>} receiver */
function tryAll(receiver) {
  try {
    return receiver.tryReceive();
  } catch (error) {
    equal(/** @type {any} */ (error).code, 'peer-lost');
    return undefined;
  }
}

/** @type {import('./env.js').Case[]} */
export const deaths = [
  ...ways.map(inPool),
  {
    name: 'a worker that is terminated holding a lock hands it on',
    run: (env) =>
      withServer(env, async (remote, peer, space) => {
        equal(await remote.lock('m'), false);
        const waiting = mutex(space, 'm').lock();
        const call = rejects(remote.hang(), 'peer-lost');
        peer.worker.terminate();
        const held = await within(waiting, 12_000, 'the lock');
        equal(held.recovered, true);
        held.release();
        await within(call, 5000, 'the call');
        const next = await spawn(space, start(env));
        await next.terminate();
      }),
  },
  {
    name: 'all that waits for a worker learns of its death',
    run: (env) =>
      withServer(env, async (remote, peer, space) => {
        await remote.add(1, 2);
        const values = remote.stuck();
        equal((await values.next()).value, 1);
        const ends = [
          rejects(remote.hang(), 'peer-lost'),
          rejects(remote.untilAborted(), 'peer-lost'),
          rejects(values.next(), 'peer-lost'),
        ];
        const { peers } = space.stats();
        await within(peer.terminate(), 12_000, 'the death');
        await within(Promise.all(ends), 5000, 'the calls');
        await rejects(remote.add(1, 2), 'peer-lost');
        await until(() => space.stats().peers === peers - 1, 'its place');
      }),
  },
  {
    name: 'a space goes on when the worker that made it is terminated, and who waits there is told',
    where: ({ transport }) => transport === 'shared',
    run: async (env) => {
      const space = await create(env.options);
      const peer = await spawn(space, () => {
        const worker = env.worker('creator.js');
        /** @type {any} */ (worker).handle = new Promise((resolve) => {
          listen(worker, (data) => data.handle && resolve(data.handle));
        });
        return worker;
      });
      const theirs = await attach(await /** @type {any} */ (peer.worker).handle);
      const { peers } = theirs.stats();
      const receiver = channel(theirs, 'c', { kind: 'spsc', codec: text }).receiver();
      equal(await receiver.receive(), 'committed');
      const record = rejects(receiver.receive(), 'peer-lost');
      const waiting = mutex(theirs, 'm').lock();
      const change = cell(theirs, 'x', json(), 0).changed(1, { timeout: 15_000 });
      peer.worker.terminate();
      await within(record, 12_000, 'the record');
      const held = await within(waiting, 5000, 'the lock');
      equal(held.recovered, true);
      held.release();
      equal(theirs.stats().peers, peers - 1);
      // It is as good as before, and takes new threads.
      cell(theirs, 'x', json(), 0).setSync(1);
      ok((await change) > 1);
      await (await spawn(theirs, start(env))).terminate();
      await theirs.close();
      await space.close();
    },
  },
  {
    name: 'a terminated worker that goes on writing corrupts nothing, and only its death is recovered',
    where: ({ transport }) => transport === 'shared',
    run: async (env) => {
      const space = await create(env.options);
      const record = struct({ number: 'u32', check: 'u32', fill: 'f64' });
      const [one, two] = [
        channel(space, 'c', { kind: 'mpmc', capacity: 4096, codec: record }).receiver(),
        channel(space, 'd', { kind: 'spsc', capacity: 4096, codec: record }).receiver(),
      ];
      const peer = await spawn(space, () => env.worker('writer.js'));
      const next = [0, 0];
      /** Each record is whole, and the one after the last. @param {number} which @param {any} value */
      const check = (which, { number, check: sum, fill }) => {
        equal(number, next[which]++);
        equal(sum, Math.imul(number, 2654435761) >>> 0);
        equal(fill, number);
      };
      while (next[0] < 10_000) {
        check(0, await one.receive());
        check(1, await two.receive());
      }
      const { peers } = space.stats();
      let proven = false;
      const death = peer.terminate().then(() => {
        proven = true;
      });
      const [atEnd] = next;
      // Read on while it dies: nothing is recovered before the proof.
      while (!proven) {
        if (space.stats().recovered > 0) await within(death, 5000, 'the proof');
        for (const [which, receiver] of [one, two].entries()) {
          for (let value = tryAll(receiver); value; value = tryAll(receiver)) check(which, value);
        }
        await new Promise((resolve) => setTimeout(resolve));
      }
      await death;
      // A busy worker of Chromium is ended after 2 s: more than there is room for came meanwhile.
      if (env.engine === 'chromium') ok(next[0] - atEnd > 1000, `${next[0] - atEnd} records`);
      for (const [which, receiver] of [one, two].entries()) {
        for (;;) {
          const value = await receiver.receive({ timeout: 5000 }).catch((error) => {
            equal(error.code, 'peer-lost');
          });
          if (!value) break;
          check(which, value);
        }
      }
      ok(next[0] - next[1] === 0 || next[0] - next[1] === 1, `${next}`);
      equal(space.stats().recovered, 1);
      equal(space.stats().peers, peers - 1);
      await space.close();
    },
  },
  {
    name: 'a worker that is terminated between claim and commit leaves nothing of that record',
    run: (env) =>
      withAgents(env, 1, async (space, other) => {
        const agent = await startAgent(env, space);
        const receiver = channel(space, 'c', { codec: text }).receiver();
        await other.call('sender', 'c', { kind: 'mpmc' });
        await agent.call('sender', 'c', { kind: 'mpmc' });
        await agent.call('send', 'c', 'committed');
        equal(await receiver.receive(), 'committed');
        await agent.call('claimWithoutCommit', 'c', 64);
        await other.call('send', 'c', 'behind');
        const { used } = space.stats();
        await within(agent.peer.terminate(), 12_000, 'the death');
        equal(await within(receiver.receive(), 5000, 'the record'), 'behind');
        equal(receiver.tryReceive(), undefined);
        equal(channel(space, 'c', { codec: text }).stats().lostWithReceiver, 0);
        ok(space.stats().used <= used);
      }),
  },
  {
    name: 'what a dead worker had of the space comes back',
    run: (env) =>
      withServer(env, async (_remote, first, space) => {
        await first.terminate();
        const { used } = space.stats();
        for (let i = 0; i < 3; i++) {
          const made = pool(space, start(env), { size: 1 });
          const any = /** @type {Pool} */ (/** @type {unknown} */ (made));
          const dying = any.run('untilAborted', []);
          await until(() => any.stats().busy === 1, 'the start');
          const end = rejects(dying, 'closed');
          await made.close({ timeout: 0 }).catch(() => {});
          await end;
        }
        await settled(space, used);
      }),
  },
  ...[
    { script: '404.js', message: /404|missing|failed/i },
    { script: 'syntax.js', message: /syntax|unexpected/i },
    { script: 'throws.js', message: /failed/ },
    // WebKit runs it, and it never says a word.
    {
      script: 'wrong-type.js',
      message: /MIME|attach\(\)/,
      where: /** @param {any} s */ (s) => !inNode(s),
    },
  ].map(({ script, message, where }) => ({
    name: `a pool's worker whose script is ${script} is a "load" error for all calls`,
    where,
    run: async (/** @type {Env} */ env) => {
      /** @param {Pool} made @param {import('sluice').Space} space */
      const use = async (made, space) => {
        // The first to enter the space takes a place that stays with it.
        await (await spawn(space, start(env))).terminate();
        const { used } = space.stats();
        const calls = [made.run('add', [1, 2]), made.run('add', [1, 2])];
        for (const call of calls) {
          match((await rejects(within(call, 14_000, 'the call'), 'load')).message, message);
        }
        await (await spawn(space, start(env))).terminate();
        await settled(space, used);
      };
      await withPool(env, { size: 2 }, use, () => env.worker(env.fault(script)));
    },
  })),
  {
    name: 'a worker that the CSP blocks is a "load" error',
    where: (setting) => !inNode(setting),
    run: (env) =>
      withServer(env, async (remote, _peer, space) => {
        equal(await remote.add(1, 2), 3);
        const { used } = space.stats();
        const meta = document.createElement('meta');
        meta.httpEquiv = 'Content-Security-Policy';
        meta.content = "worker-src 'none'";
        document.head.append(meta);
        const error = await rejects(within(spawn(space, start(env)), 12_000, 'spawn()'), 'load');
        ok(error.message);
        const made = pool(space, start(env), { size: 1 });
        const any = /** @type {Pool} */ (/** @type {unknown} */ (made));
        const calls = [any.run('add', [1, 2]), any.run('add', [1, 2])];
        for (const call of calls) await rejects(within(call, 12_000, 'the call'), 'load');
        await made.close();
        // Who was there before goes on.
        equal(await remote.add(2, 2), 4);
        await settled(space, used);
      }),
  },
];
