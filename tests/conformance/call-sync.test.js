// callSync(): a worker calls the page, asleep meanwhile.
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { attach, callSync, connect, SluiceError, serve, spawn, transfer } from './sdk.js';
import { settled, start, withServer } from './serving.js';

/** @typedef {import('./env.js').Env} Env */

const shared = (/** @type {import('./env.js').Setting} */ { transport }) => transport === 'shared';

/** @param {number} ms */
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A worker that has a connection to what this thread serves.
 *
 * @param {Env} env
 * @param {(worker: any, space: import('sluice').Space, port: MessagePort) => Promise<void>} use
 */
const withCaller = (env, use) =>
  withServer(env, async (remote, _peer, space) => {
    const { port1, port2 } = new MessageChannel();
    let sum = 0;
    serve(
      {
        twice: (/** @type {number} */ n) => 2 * n,
        /** @param {number} ms @param {unknown} value */
        async late(ms, value) {
          await later(ms);
          return value;
        },
        large: (/** @type {number} */ bytes) => new Uint8Array(bytes).fill(3),
        fail() {
          throw Object.assign(new RangeError('of the page'), { code: 'mine' });
        },
        uncloneable: () => () => {},
        hang: () => new Promise(() => {}),
        add: (/** @type {number} */ n) => {
          sum += n;
        },
        sum: () => sum,
        length: (/** @type {{length: number}} */ what, /** @type {any} */ port) => [
          what.length,
          port instanceof MessagePort,
        ],
      },
      port1,
    );
    await remote.connectTo(transfer(port2, [port2]));
    await use(remote, space, port1);
  });

/** @type {import('./env.js').Case[]} */
export const blockingCalls = [
  {
    name: 'a worker calls the page and blocks until it has the result',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker, space) => {
        equal(await worker.callSync('twice', [4]), 8);
        const { used } = space.stats();
        for (let i = 0; i < 20; i++) equal(await worker.callSync('twice', [i]), 2 * i);
        const value = { map: new Map([[1, new Set(['a'])]]), nothing: undefined };
        deepEqual(await worker.callSync('late', [5, value]), value);
        await settled(space, used);
      }),
  },
  {
    name: 'a page that was attached twice is still called when it has closed the second time',
    where: shared,
    run: (env) =>
      withServer(env, async (remote, _peer, space) => {
        const second = await attach(space.handle);
        await second.close();
        const { port1, port2 } = new MessageChannel();
        serve({ twice: (/** @type {number} */ n) => 2 * n }, port1);
        await remote.connectTo(transfer(port2, [port2]));
        equal(await within(remote.callSync('twice', [4]), 5000, 'the call'), 8);
      }),
  },
  {
    name: 'a reply of any size reaches a blocked caller',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker, space) => {
        const { used } = space.stats();
        for (const bytes of [4000, 5000, 500_000]) {
          const all = await worker.callSync('large', [bytes]);
          equal(all.length, bytes);
          ok(all.every((/** @type {number} */ byte) => byte === 3));
        }
        await settled(space, used);
      }),
  },
  {
    name: 'an error reaches a blocked caller as it was',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker) => {
        const error = await rejects(worker.callSync('fail', []), 'mine');
        ok(error instanceof RangeError);
        await rejects(worker.callSync('nothing', []), 'mismatch');
        await rejects(worker.callSync('uncloneable', []), 'clone');
        await rejects(worker.callUncloneable(), 'clone');
        equal(await worker.callSync('twice', [4]), 8);
      }),
  },
  {
    name: 'blocking calls that follow one another need no message each',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker) => {
        equal(await worker.callMany(2000), 1); // from which the other side knows that this worker blocks
        equal(await worker.callMany(2000), 0);
      }),
  },
  {
    name: 'a blocking call does not overtake the calls before it',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker) => {
        for (let i = 0; i < 5; i++) equal(await worker.callBehind(100), 0);
      }),
  },
  {
    name: 'a blocking call carries what only a message does',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker) => {
        for (let i = 0; i < 5; i++) deepEqual(await worker.callLarge(50_000), [50_000, true]);
      }),
  },
  {
    name: 'a blocked caller has a time limit, and goes on afterwards',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker, space) => {
        equal(await worker.callSync('twice', [4]), 8);
        const { used } = space.stats();
        const error = await rejects(worker.callSync('hang', [], { timeout: 50 }), 'timeout');
        match(error.message, /hang\(\).*50 ms/);
        await rejects(worker.callSync('late', [100, 'x'], { timeout: 10 }), 'timeout');
        equal(await worker.callSync('late', [150, 'y']), 'y');
        await settled(space, used);
      }),
  },
  {
    name: 'a blocked caller burns no processor time',
    where: (setting) => shared(setting) && setting.engine === 'node',
    run: (env) =>
      withCaller(env, async (worker) => {
        await worker.cpuOf('late', [10, 0]);
        const { cpu, wall } = await worker.cpuOf('late', [1500, 0]);
        ok(wall >= 1400, `it took ${wall} ms`);
        ok(cpu < wall / 3, `${cpu} ms of processor time in ${wall} ms`);
      }),
  },
  {
    name: 'a blocked caller learns that the other side has closed',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker, space) => {
        equal(await worker.callSync('twice', [4]), 8);
        const waiting = worker.callSync('hang', []);
        await later(20);
        const closed = rejects(within(waiting, 9000, 'the end'), 'closed');
        await space.close();
        await closed.catch((error) => {
          // The worker's answer goes over a connection that has closed with the space.
          equal(error.code, 'closed');
        });
      }),
  },
  {
    name: 'a blocked caller learns that the worker which it has called is dead',
    where: shared,
    run: (env) =>
      withServer(env, async (caller, _peer, space) => {
        const peer = await spawn(space, start(env));
        const called = /** @type {any} */ (connect(peer));
        const { port1, port2 } = new MessageChannel();
        await called.servePort(transfer(port1, [port1]));
        await caller.connectTo(transfer(port2, [port2]));
        equal(await caller.callSync('twice', [4]), 8);
        const waiting = rejects(caller.callSync('hang', []), 'peer-lost');
        peer.worker.terminate();
        await within(waiting, 12_000, 'the end of the call');
        await rejects(caller.callSync('twice', [4]), 'peer-lost');
        equal(await caller.add(1, 2), 3);
      }),
  },
  {
    name: 'workers call each other and block',
    where: shared,
    run: (env) =>
      withCaller(env, async (worker) => {
        equal(await worker.callSync('twice', [1]), 2);
        await withServer(env, async (other) => {
          const { port1, port2 } = new MessageChannel();
          await other.servePort(transfer(port1, [port1]));
          // Of another space: nobody can wait there for it.
          await worker.connectTo(transfer(port2, [port2]));
          equal(await worker.callBack('twice', [21]), 42);
        });
      }),
  },
  {
    name: 'a page does not block: "wrong-thread"',
    where: (setting) => shared(setting) && setting.engine !== 'node',
    run: (env) =>
      withServer(env, async (remote) => {
        const error = throws(() => callSync(remote, 'add', [1, 2]), 'wrong-thread');
        ok(error instanceof SluiceError);
      }),
  },
  {
    name: 'without shared memory a blocking call is "not-isolated"',
    where: ({ transport }) => transport === 'message',
    run: (env) =>
      withCaller(env, async (worker) => {
        equal(await worker.callBack('twice', [4]), 8);
        match((await rejects(worker.callSync('twice', [4]), 'not-isolated')).message, /twice\(\)/);
      }),
  },
  {
    name: 'a blocking call needs to know the space',
    where: ({ engine, transport }) => engine === 'node' && transport === 'shared',
    run: async () => {
      const { port1, port2 } = new MessageChannel();
      serve({ f: () => 1 }, port1);
      const remote = /** @type {any} */ (connect(port2));
      throws(() => callSync(remote, 'f', []), 'not-isolated');
      equal(await remote.f(), 1);
      port1.close();
    },
  },
];
