// Spaces: transports, sizes, and modules of the user's own.
import { withAgents } from './agent.js';
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from './assert.js';
import { attach, channel, create, mutex, remove, spawn } from './sdk.js';
import { functionImport, memory64, ownMemory, sharedMemory, unsharedMemory } from './wasm.js';

const MIB = 2 ** 20;
/** What a thread of a user's module gets. */
const STACK = 64 * 1024;

/** @param {import('./env.js').Env} env @param {Uint8Array<ArrayBuffer>} wasm @param {object} [options] */
const createOn = (env, wasm, options) => create({ ...env.options, wasm, ...options });

/** @param {() => Promise<unknown>} act */
async function warnings(act) {
  const original = console.warn;
  /** @type {string[]} */
  const seen = [];
  console.warn = (...words) => seen.push(words.join(' '));
  try {
    await act();
  } finally {
    console.warn = original;
  }
  return seen;
}

/** @param {import('./env.js').Env} env */
const engine = (env) => env.url('build/test/engine.wasm');

/** @type {import('./env.js').Case[]} */
export const spaces = [
  {
    name: 'create() takes the transport that the page allows, and warns once where it is messages',
    run: async (env) => {
      const seen = await warnings(async () => {
        for (let i = 0; i < 2; i++) {
          const space = await create(env.options);
          equal(space.transport, env.transport);
          await space.close();
        }
      });
      const warned = env.transport === 'message' && !env.options.transport;
      equal(seen.length, warned ? 1 : 0, `warnings: ${seen}`);
      if (warned) match(seen[0], /Cross-Origin-Opener-Policy|does not let pages share/);
    },
  },
  {
    name: 'fallback "throw" rejects with "not-isolated" where memory cannot be shared',
    where: ({ engine }) => engine !== 'node',
    run: async (env) => {
      const creating = create({ fallback: 'throw' });
      if (env.isolated) await (await creating).close();
      else match((await rejects(creating, 'not-isolated')).message, /Cross-Origin-|share memory/);
    },
  },
  {
    name: 'the message transport can be chosen where memory could be shared',
    run: async () => {
      const space = await create({ transport: 'message' });
      equal(space.transport, 'message');
      await space.close();
    },
  },
  {
    name: 'a space has 4 MiB, or the bytes asked for, in whole pages',
    run: async (env) => {
      const usual = await create(env.options);
      equal(usual.memory.buffer.byteLength, 4 * MIB);
      equal(usual.stats().bytes, 4 * MIB);
      const small = await create({ ...env.options, bytes: 100_000 });
      equal(small.memory.buffer.byteLength, 131_072);
      await usual.close();
      await small.close();
    },
  },
  {
    name: 'a space without room is "no-memory", and grows only as far as maxBytes',
    run: async (env) => {
      const options = /** @type {const} */ ({ kind: 'spsc', capacity: 2 ** 18 });
      const fixed = await create({ ...env.options, bytes: 2 ** 18 });
      const error = throws(() => channel(fixed, 'big', options).sender(), 'no-memory');
      match(error.message, /"\W?big"/);
      await fixed.close();
      const growing = await create({ ...env.options, bytes: 2 ** 18, maxBytes: MIB });
      const [sender, receiver] = [
        channel(growing, 'big', options).sender(),
        channel(growing, 'big', options).receiver(),
      ];
      await sender.send(new Uint8Array(2 ** 15).fill(5));
      deepEqual(await receiver.receive(), new Uint8Array(2 ** 15).fill(5));
      ok(growing.memory.buffer.byteLength > 2 ** 18);
      throws(() => channel(growing, 'bigger', { ...options, capacity: MIB }).sender(), 'no-memory');
      await growing.close();
    },
  },
  {
    name: 'a thread that attached before the memory grew reads what lies behind its old end',
    run: (env) =>
      withAgents(
        env,
        1,
        async (space, worker) => {
          const options = { codec: 'bytes', capacity: 2 ** 18 };
          const sender = channel(space, 'big', { kind: 'spsc', capacity: 2 ** 18 }).sender();
          await worker.call('receiver', 'big', options);
          await sender.send(new Uint8Array(1000).fill(9));
          deepEqual(await worker.call('receive', 'big'), new Uint8Array(1000).fill(9));
        },
        { bytes: 2 ** 18, maxBytes: MIB },
      ),
  },
  {
    name: 'sizes that contradict the module are a "mismatch" that names both',
    run: async (env) => {
      const page = 65_536;
      const tooSmall = createOn(env, sharedMemory(3, 5), { bytes: page });
      match((await rejects(tooSmall, 'mismatch')).message, /1 pages.*at least 3/);
      const tooLarge = createOn(env, sharedMemory(3, 5), { bytes: 6 * page });
      match((await rejects(tooLarge, 'mismatch')).message, /6 pages.*at most 5/);
      const growsTooFar = createOn(env, sharedMemory(3, 5), {
        bytes: 4 * page,
        maxBytes: 7 * page,
      });
      match((await rejects(growsTooFar, 'mismatch')).message, /7 pages.*at most 5/);
      await rejects(create({ ...env.options, bytes: MIB, maxBytes: MIB / 2 }), 'mismatch');
      const vast = create({ ...env.options, maxBytes: 2 ** 31 + 1 });
      match((await rejects(vast, 'mismatch')).message, /at most 2 GiB/);
    },
  },
  {
    name: 'options that make no sense are a TypeError',
    run: async () => {
      /** @type {any[]} */
      const senseless = [
        { bytes: 0 },
        { bytes: -5 },
        { bytes: 1.5 },
        { bytes: '1' },
        { fallback: 'maybe' },
        { transport: 'pigeon' },
        { timeout: -1 },
      ];
      for (const options of senseless) {
        await rejects(
          create(options),
          (error) => error instanceof TypeError,
          JSON.stringify(options),
        );
      }
    },
  },
  {
    name: 'a module that cannot host a space is refused with what is wrong with it',
    run: async (env) => {
      match((await rejects(createOn(env, unsharedMemory), 'mismatch')).message, /not shared/);
      match((await rejects(createOn(env, memory64), 'load')).message, /64-bit/);
      match((await rejects(createOn(env, ownMemory), 'mismatch')).message, /its own memory/);
      match((await rejects(createOn(env, sharedMemory(1, 2)), 'mismatch')).message, /Sluice core/);
      match(
        (await rejects(createOn(env, functionImport), 'load')).message,
        /env\.log \(function\)/,
      );
    },
  },
  {
    name: "a user's module runs in every thread, over the space's memory",
    run: (env) =>
      withAgents(
        env,
        1,
        async (space, worker) => {
          const exports = /** @type {any} */ (space.exports);
          equal(exports.engine_double(21), 42);
          equal(exports.engine_counter(), 41);
          const shared = env.transport === 'shared';
          equal(await worker.call('call', 'engine_counter'), shared ? 42 : 41, 'the static');
          equal(exports.engine_calls(), 8);
          equal(exports.engine_calls(), 9);
          equal(await worker.call('call', 'engine_calls'), 8, 'the thread-local');
          const sender = channel(space, 'c', { kind: 'spsc' }).sender();
          await worker.call('receiver', 'c', { codec: 'bytes' });
          await sender.send(Uint8Array.of(1, 2, 3));
          deepEqual(await worker.call('receive', 'c'), Uint8Array.of(1, 2, 3));
        },
        { wasm: engine(env) },
      ),
  },
  {
    name: "C in a user's module reaches its thread's space",
    run: (env) =>
      withAgents(
        env,
        1,
        async (space, worker) => {
          const exports = /** @type {any} */ (space.exports);
          const ids = [
            exports.engine_participant(),
            await worker.call('call', 'engine_participant'),
          ];
          ok(ids[0] > 0 && ids[1] > 0, `the ids ${ids}`);
          // Over messages each thread's space is its own, and what C names there stays there.
          if (env.transport === 'message') return;
          notEqual(ids[0], ids[1]);
          const options = /** @type {const} */ ({ kind: 'spsc', capacity: 4096 });
          const receiver = channel(space, 'from-c', options).receiver();
          equal(await worker.call('call', 'engine_send', 77), 0);
          deepEqual(await receiver.receive(), Uint8Array.of(77, 0, 0, 0));
          await rejects(receiver.receive(), 'closed');
        },
        { wasm: engine(env) },
      ),
  },
  {
    name: 'a space has room for 47 threads, says so to the next, and takes it when one has left',
    where: ({ transport }) => transport === 'shared',
    run: async (env) => {
      const space = await create({ bytes: 8 * MIB });
      const others = [];
      while (space.stats().peers < 47) others.push(await attach(space.handle));
      const late = await rejects(attach(space.handle), 'no-memory');
      match(late.message, /47 threads/);
      const spawned = spawn(space, () => env.worker('agent.js'));
      match((await rejects(spawned, 'no-memory')).message, /47 threads/);
      await others.pop()?.close();
      others.push(await attach(space.handle));
      equal(space.stats().peers, 47);
      for (const other of others) await other.close();
      await space.close();
    },
  },
  {
    name: 'a space has room for 256 names, says so to the next, and takes it when one was removed',
    where: ({ transport }) => transport === 'shared',
    run: async (env) => {
      const space = await create(env.options);
      for (let i = 0; i < 256; i++) mutex(space, `${i}`);
      match(throws(() => mutex(space, 'more'), 'no-memory').message, /256 names/);
      equal(remove(space, '100'), true);
      equal((await mutex(space, 'more').lock()).recovered, false);
      await space.close();
    },
  },
  {
    name: 'each thread has a stack of its own',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(
        env,
        2,
        async (space, one, other) => {
          const tops = [
            /** @type {any} */ (space.exports).stackSave(),
            await one.call('call', 'stackSave'),
            await other.call('call', 'stackSave'),
          ].sort((a, b) => a - b);
          ok(tops[1] - tops[0] >= STACK && tops[2] - tops[1] >= STACK, `the tops ${tops}`);
          const checks = [
            one.call('call', 'engine_check_stack', 1, 20_000),
            other.call('call', 'engine_check_stack', 101, 20_000),
          ];
          deepEqual(await Promise.all(checks), [0, 0], 'bytes that another thread wrote over');
        },
        { wasm: engine(env) },
      ),
  },
];
