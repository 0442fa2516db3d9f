// SharedMemoryState. Where a case is the opposite of a fault of the pattern as it is usually written, its
// name says so after "not:".

import { listen } from '../../examples/shared-state/port.js';
import { SharedMemoryState } from '../../examples/shared-state/state.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from '../conformance/assert.js';
import { reaches, startAgent, withAgents, workers } from './env.js';
import { requireWhole, wholeOf } from './values.js';

const SECONDS = 10_000;

/** @param {unknown} error */
const isTypeError = (error) => error instanceof TypeError;

/** @type {import('./env.js').Case[]} */
export const states = [
  {
    name: 'a state is 1 MiB on the transport that there is',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        equal(state.transport, env.transport);
        equal(state.space.stats().bytes, 2 ** 20);
      }),
  },
  {
    name: 'where crossOriginIsolated is not defined, a state is made all the same (not: it throws)',
    where: ({ node }) => node,
    run: (env) =>
      withAgents(env, 0, async (state) => {
        equal(typeof crossOriginIsolated, 'undefined');
        await state.write('a', 1);
        equal(state.read('a'), 1);
      }),
  },
  {
    name: "where memory cannot be shared, as without the two headers, fallback: 'throw' says so, and the default goes by messages",
    where: ({ node, transport }) => !node || transport === 'shared', // Node's messages are asked for
    run: async (env) => {
      const strict = new SharedMemoryState(undefined, { fallback: 'throw' });
      if (env.transport === 'shared') await strict.ready;
      else match((await rejects(strict.ready, 'not-isolated')).message, /Cross-Origin|isolated/);
      await strict.close();
      await withAgents(env, 0, async (state) => equal(state.transport, env.transport));
    },
  },
  {
    name: 'what is JSON or binary comes back as it was, here and in another thread',
    run: (env) =>
      withAgents(env, 1, async (state, agent) => {
        const cycle = /** @type {any} */ ({ name: 'cycle' });
        cycle.self = cycle;
        /** @type {Record<string, unknown>} */
        const values = {
          null: null,
          truth: true,
          zero: 0,
          fraction: -1.5e-9,
          text: 'Grüße, 世界 \u{1f980}',
          empty: '',
          nested: { list: [1, [2, { three: '3' }], null], none: {} },
          bytes: new Uint8Array([0, 1, 255]),
          none: new Uint8Array(0),
          floats: new Float64Array([NaN, -0, Infinity]),
          buffer: new Uint8Array([7, 8, 9]).buffer,
          date: new Date(86_400_000),
          map: new Map([['a', new Set([1n])]]),
          large: new Uint8Array(100_000).fill(5),
        };
        for (const [key, value] of Object.entries(values)) {
          await state.write(key, value);
          deepEqual(state.read(key), value, key);
        }
        const keys = Object.keys(values);
        deepEqual(await agent.call.copyAll(keys), Object.values(values));
        for (const key of keys) deepEqual(state.read(`${key}, copied`), values[key], key);
        await state.write('cycle', cycle);
        const read = state.read('cycle');
        ok(read !== cycle && read.self === read);
        ok(state.keys().includes('large, copied'));
      }),
  },
  {
    name: 'what a state was given, and what it gave, may be changed without changing it',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        const given = { list: [1], bytes: new Uint8Array([1]) };
        const writing = state.write('a', given);
        given.list.push(2);
        given.bytes[0] = 2;
        await writing;
        const read = state.read('a');
        deepEqual(read, { list: [1], bytes: new Uint8Array([1]) });
        read.bytes[0] = 3;
        equal(state.read('a').bytes[0], 1);
      }),
  },
  {
    name: 'who attaches finds what was written (not: attaching makes it empty)',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        await state.write('before', 'there');
        const agent = await startAgent(state);
        equal(await agent.call.read('before'), 'there');
        equal(state.read('before'), 'there');
        await agent.peer.terminate();
      }),
  },
  {
    name: 'a worker attaches by the handle (not: workers cannot)',
    run: (env) =>
      withAgents(env, 1, async (state, agent) => {
        await state.write('a', [1, 2]);
        deepEqual(await agent.call.copyByHandle(state.handle, 'a'), [1, 2]);
        deepEqual(state.read('a, copied'), [1, 2]);
        const again = await SharedMemoryState.attach(state.handle);
        deepEqual(again.read('a'), [1, 2]);
        if (again.space !== state.space) await again.close();
      }),
  },
  {
    name: 'a thread that nobody spawned attaches by the handle where memory is shared, else is told what to do',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        await state.write('a', 'from afar');
        const worker = workers.agent();
        const answer = new Promise((resolve) => {
          listen(worker, (data) => {
            if (data?.copied || data?.code) resolve(data);
          });
        });
        worker.postMessage({ handle: state.handle, key: 'a' });
        const { copied, code, message } = await within(answer, SECONDS, 'the worker');
        if (env.transport === 'shared') {
          equal(copied, 'from afar', message);
          equal(state.read('a, copied'), 'from afar');
        } else {
          equal(code, 'not-isolated');
          match(message, /spawn\(\)/);
        }
        worker.terminate();
      }),
  },
  {
    name: 'what one thread writes all read, on either transport (not: a fallback that is private to its thread)',
    run: (env) =>
      withAgents(env, 2, async (state, one, two) => {
        const writing = state.write('a', 1);
        equal(state.read('a'), 1); // its own, at once
        await writing;
        equal(await one.call.read('a'), 1);
        await one.call.write('a', 2);
        equal(state.read('a'), 2);
        await two.call.write('b', 3);
        equal(await two.call.read('b'), 3);
        for (const { call } of [one, two]) equal(await call.read('a'), 2);
        equal(await state.delete('a'), true);
        equal(await state.delete('a'), false);
        for (const { call } of [one, two]) equal(await call.read('a'), undefined);
        deepEqual(state.keys(), ['b']);
      }),
  },
  {
    name: 'no value is ever torn while three workers write it and three threads read (not: readers look at the lock and do not take it)',
    run: (env) =>
      withAgents(env, 4, async (state, ...agents) => {
        const [reader, ...writers] = agents;
        const reading = reader.call.readAll('a', 'done');
        const seen = new Set();
        async function pourOnce() {
          let done = false;
          const pouring = Promise.all(
            writers.map(({ call }, i) => call.pour('a', 1000 * (i + 1), 200)),
          ).finally(() => {
            done = true;
          });
          while (!done) {
            const value = state.read('a');
            if (value) seen.add(Math.floor(requireWhole(value) / 1000));
            await new Promise((resolve) => setTimeout(resolve));
          }
          await pouring;
        }
        // Who is quick has written all of it between two looks.
        do await pourOnce();
        while (seen.size < 2);
        await state.write('done', true);
        ok((await within(reading, SECONDS, 'the reader')) > 0);
        requireWhole(state.read('a'));
      }),
  },
  {
    name: 'reading and writing never wait, whoever writes meanwhile (not: Atomics.wait on the main thread, which throws)',
    run: (env) =>
      withAgents(env, 2, async (state, one, two) => {
        const { wait } = Atomics;
        let waits = 0;
        Atomics.wait = /** @type {any} */ (
          () => {
            waits++;
            throw new TypeError('Atomics.wait on the main thread');
          }
        );
        try {
          let writing = true;
          const others = Promise.all([one.call.pour('a', 1, 100), two.call.pour('a', 1, 100)]);
          others.finally(() => {
            writing = false;
          });
          for (let n = 1; writing || n < 60; n++) {
            const mine = state.write('a', wholeOf(n));
            requireWhole(state.read('a')); // in the same turn as the write: nothing waited for
            await mine;
            await new Promise((resolve) => setTimeout(resolve));
          }
          await others;
        } finally {
          Atomics.wait = wait;
        }
        equal(waits, 0);
      }),
  },
  {
    name: 'each write gives its key a new version, and no other key (not: a version that never changes)',
    run: (env) =>
      withAgents(env, 1, async (state, agent) => {
        equal(state.version('a'), 0);
        let last = 0;
        for (let n = 0; n < 20; n++) {
          if (n % 2) await agent.call.write('a', n);
          else await state.write('a', n);
          ok(state.version('a') > last);
          last = state.version('a');
          await state.write('b', n);
          equal(state.version('a'), last);
        }
        equal(await agent.call.version('a'), last);
        await state.delete('a');
        equal(state.version('a'), 0);
      }),
  },
  {
    name: 'who watches a key is woken by its changes, all who do and by nothing else (not: all are woken, or nobody)',
    run: (env) =>
      withAgents(env, 2, async (state, one, two) => {
        await state.write('a', 0);
        const watching = [one.call.watch('a', 3), two.call.watch('a', 3)];
        const other = state.watch('b', { timeout: SECONDS });
        equal((await other.next()).value, undefined);
        let wakes = 0;
        const woken = other.next().then(({ value }) => {
          wakes++;
          return value;
        });
        await reaches(state, 'a, watched', 1);
        for (const n of [1, 2, 3]) await state.write('a', n);
        for (const seen of await within(Promise.all(watching), SECONDS, 'the watchers')) {
          equal(seen.at(-1), 3);
          // Over messages a thread may begin before it knows of the 0.
          const values = seen.filter((/** @type {unknown} */ value) => value !== undefined);
          deepEqual(
            values,
            [...new Set(values)].sort((x, y) => x - y),
          );
        }
        equal(wakes, 0);
        await state.write('b', 'now');
        equal(await within(woken, SECONDS, 'the other watcher'), 'now');
      }),
  },
  {
    name: 'a value that does not fit is "no-memory", and all that was there stays (not: no bound)',
    run: (env) =>
      withAgents(env, 1, async (state, agent) => {
        await state.write('a', 'kept');
        for (const writing of [
          state.write('a', new Uint8Array(2 ** 20)),
          agent.call.write('a', new Uint8Array(2 ** 20)),
        ]) {
          match((await rejects(writing, 'no-memory')).message, /bytes/);
        }
        equal(state.read('a'), 'kept');
        let n = 0;
        const filling = async () => {
          for (; n < 1000; n++) await state.write(`${n}`, new Uint8Array(10_000).fill(n));
        };
        await rejects(filling(), 'no-memory');
        ok(n > 20, `only ${n} fitted`);
        for (let i = 0; i < n; i++) equal(state.read(`${i}`)?.[9999], i % 256);
        equal(state.read('a'), 'kept');
        for (let i = 0; i < n; i++) await state.delete(`${i}`);
        for (let i = 0; i < 300; i++) await state.write('a', new Uint8Array(10_000));
      }),
  },
  {
    name: 'more keys than there may be are "full", and those that are there go on',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        for (let n = 0; n < 1024; n++) await state.write(`${n}`, n);
        await rejects(state.write('one more', 1), 'full');
        await state.write('0', 'again');
        equal(state.read('0'), 'again');
        equal(state.read('1023'), 1023);
      }),
  },
  {
    name: 'what cannot be written is a typed error, and changes nothing',
    run: (env) =>
      withAgents(env, 0, async (state) => {
        await state.write('a', 1);
        const any = /** @type {any} */ (state);
        await rejects(state.write('a', undefined), isTypeError);
        await rejects(any.write(5, 1), isTypeError);
        await rejects(state.write('', 1), isTypeError);
        throws(() => any.read(Symbol('a')), isTypeError);
        await rejects(
          state.write('a', () => {}),
          'clone',
        );
        await rejects(state.write('a', { deep: [Symbol('x')] }), 'clone');
        await rejects(state.write('a', 2, { timeout: -1 }), isTypeError);
        const aborted = state.write('a', 3, { signal: AbortSignal.abort('no') });
        await rejects(aborted, (reason) => reason === 'no');
        deepEqual(state.keys(), ['a']);
        equal(typeof state.read('a'), 'number');
      }),
  },
  {
    name: 'a state that is not open yet, cannot be, or was closed says so',
    run: async (env) => {
      const state = new SharedMemoryState(undefined, env.options);
      match(throws(() => state.read('a'), 'closed').message, /ready/);
      const early = state.write('a', 1); // waits for it
      await early;
      equal(state.read('a'), 1);
      await state.close();
      throws(() => state.read('a'), 'closed');
      await rejects(state.write('a', 2), 'closed');
      const watching = [];
      for await (const value of state.watch('a')) watching.push(value);
      ok(watching.length <= 1);
      await state.close();

      for (const size of [-1, 0, 1.5, NaN, Infinity, 2 ** 40]) {
        const never = new SharedMemoryState(size, env.options);
        const error = await rejects(never.ready, () => true);
        ok(error instanceof TypeError || typeof error.code === 'string', `${size}: ${error}`);
        throws(
          () => never.read('a'),
          (reason) => reason === error,
        );
        await rejects(never.write('a', 1), (reason) => reason === error);
        await never.close();
      }
      await rejects(SharedMemoryState.attach(/** @type {any} */ ({ buffer: 1 })), isTypeError);
    },
  },
];
