// Cells and stores: read at once, changed in one order, watched.
import { becomes, withAgents } from './agent.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { random } from './random.js';
import { bytes, cell, create, json, store, struct, text } from './sdk.js';

/**
 * @param {import('./env.js').Env} env
 * @param {number} count
 * @param {(space: import('sluice').Space, ...agents: import('./agent.js').Agent[]) => Promise<void>} use
 */
const withThreads = (env, count, use) => withAgents(env, count, use, {}, 'objects.js');

/** @param {import('./env.js').Env} env @param {(space: import('sluice').Space) => Promise<void>} use */
async function withSpace(env, use) {
  const space = await create(env.options);
  try {
    await use(space);
  } finally {
    await space.close();
  }
}

/** @param {import('./env.js').Setting} setting */
const isShared = ({ transport }) => transport === 'shared';

/** Where a cell has its writers' lock: cell.h. */
const LOCK = 192;

const PAIR = struct({ n: 'i32', m: 'i32' });

/** @param {import('sluice').Space} space @param {string} name */
const cellOf = (space, name) => cell(space, name, json(), 0);
/** @param {import('sluice').Space} space @param {string} name */
const storeOf = (space, name) => store(space, name, { codec: json(), entries: 16 });

/** @param {AsyncIterableIterator<any>} iterator @returns {Promise<IteratorResult<any>>} */
const returned = async (iterator) => iterator.return?.() ?? { done: false, value: 'no return()' };

/** @type {import('./env.js').Case[]} */
export const states = [
  {
    name: 'a cell has its initial value at once, and its own changes too',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cell(space, 'c', text, 'first');
        equal(one.get(), 'first');
        const version = one.version;
        const set = one.set('second');
        equal(one.get(), 'second');
        ok(one.version > version);
        await set;
        equal(one.get(), 'second');
        equal(await one.update((old) => `${old}!`), 'second!');
        equal(one.get(), 'second!');
      }),
  },
  {
    name: 'the first value of a cell stands, whatever others begin with',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await cellOf(space, 'c').set(7);
        await becomes(() => agent.call('get', 'c'), 7);
        await agent.call('set', 'c', 8);
        const one = cellOf(space, 'c');
        while (one.get() !== 8) await one.changed(one.version, { timeout: 5000 });
      }),
  },
  {
    name: 'updates from all threads add up',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const counter = cellOf(space, 'n');
        const mine = (async () => {
          for (let i = 0; i < 100; i++) await counter.update((value) => value + 1);
        })();
        await within(
          Promise.all([one.call('add', 'n', 100), two.call('add', 'n', 100), mine]),
          15_000,
          'the updates',
        );
        await becomes(() => one.call('get', 'n'), 300);
        await becomes(async () => counter.get(), 300);
      }),
  },
  {
    name: 'a cell is seen to change in order, and its last value is never missed',
    run: (env) =>
      withThreads(env, 2, async (_space, one, two) => {
        const watching = two.call('watchCell', 'c', 300);
        await one.call('count', 'c', 300);
        const seen = await within(watching, 10_000, 'the last value');
        deepEqual(
          seen,
          [...seen].sort((a, b) => a - b),
        );
        equal(seen.at(-1), 300);
      }),
  },
  {
    name: 'changed() gives the version, times out, is aborted, and ends with the space',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cellOf(space, 'c');
        await rejects(one.changed(one.version, { timeout: 10 }), 'timeout');
        const abort = new AbortController();
        const aborted = rejects(one.changed(one.version, { signal: abort.signal }), (e) => e === 7);
        abort.abort(7);
        await aborted;
        const waiting = one.changed(one.version);
        await one.set(1);
        equal(await within(waiting, 5000, 'the change'), one.version);
        const closed = rejects(one.changed(one.version), 'closed');
        await space.close();
        await within(closed, 5000, 'the end');
      }),
  },
  {
    name: 'a cell of a fixed size has its initial value at once, its own changes, and what waits for them',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cell(space, 'c', PAIR, { n: 1, m: -1 });
        const { used } = space.stats();
        deepEqual(one.get(), { n: 1, m: -1 });
        const { version } = one;
        const waiting = one.changed(version, { timeout: 5000 });
        await rejects(one.changed(version, { timeout: 1 }), 'timeout');
        const sets = [one.set({ n: 2, m: -2 }), one.set({ n: 3, m: -3 })];
        deepEqual(one.get(), { n: 3, m: -3 });
        await Promise.all(sets);
        ok((await waiting) > version);
        deepEqual(one.get(), { n: 3, m: -3 });
        deepEqual(await one.update(({ n }) => ({ n: n + 1, m: 0 })), { n: 4, m: 0 });
        const wrong = /** @type {any} */ ({ n: 'x', m: 0 });
        await rejects(one.set(wrong), (error) => error instanceof TypeError);
        deepEqual(one.get(), { n: 4, m: 0 });
        if (env.transport === 'shared') {
          one.setSync({ n: 5, m: 5 });
          deepEqual(
            one.updateSync(({ n }) => ({ n: n + 1, m: 6 })),
            { n: 6, m: 6 },
          );
          equal(space.stats().used, used);
        }
        throws(() => cell(space, 'c', json(), 0), 'mismatch');
        const end = rejects(one.changed(one.version), 'closed');
        await space.close();
        await within(end, 5000, 'the end');
      }),
  },
  {
    name: 'a cell of a fixed size: updates from all threads add up, and no value is ever torn',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const sum = cell(space, 'n', PAIR, { n: 0, m: 0 });
        const watching = two.call('watchPair', 'n', 400);
        const mine = (async () => {
          for (let i = 0; i < 200; i++) await sum.update(({ n }) => ({ n: n + 1, m: -n - 1 }));
        })();
        await within(Promise.all([one.call('addPair', 'n', 200), mine]), 15_000, 'the updates');
        await becomes(async () => sum.get().n, 400);
        const seen = await within(watching, 10_000, 'the last value');
        deepEqual(
          seen,
          [...seen].sort((a, b) => a - b),
        );
        equal(seen.at(-1), 400);
      }),
  },
  {
    name: 'a cell of a fixed size is whole after the death of who wrote it, and goes on',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        one.call('countPair', 'c', 1e9).catch(() => {});
        const pair = cell(space, 'c', PAIR, { n: 0, m: 0 });
        while (pair.get().n < 50) await pair.changed(pair.version, { timeout: 5000 });
        await within(one.peer.terminate(), 10_000, 'the end of the worker');
        const { n, m } = pair.get();
        equal(m, -n);
        await pair.set({ n: 0, m: 0 });
        await within(two.call('addPair', 'c', 10), 5000, 'the additions');
        await becomes(async () => pair.get().n, 10);
      }),
  },
  {
    name: 'a cell of a fixed size waits for a writer in the middle, keeps its order, and never blocks',
    where: isShared,
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cell(space, 'c', PAIR, { n: 0, m: 0 });
        // As another writer would: the turn is a mutex's word, and names who has it.
        const copies = /** @type {any} */ (globalThis)[Symbol.for('sluice 0.1.0')];
        const { thread } = copies.get('spaces').get(space);
        const core = /** @type {any} */ (space.exports);
        thread.u8[thread.area] = 'c'.charCodeAt(0);
        const at = core.sluice_directory_look(thread.self, thread.area, 1);
        const words = new Int32Array(space.memory.buffer);
        const turn = (thread.base + at + LOCK) >> 2;
        equal(Atomics.compareExchange(words, turn, 0, thread.participant + 1), 0);
        let settled = 0;
        const sets = [1, 2].map((n) =>
          one.set({ n, m: n }).then(() => {
            settled++;
          }),
        );
        const update = one.update(({ n }) => ({ n: n + 10, m: 0 }));
        // Turns in which each of them may look again, and would go on if it could.
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve));
        equal(settled, 0);
        deepEqual(one.get(), { n: 0, m: 0 });
        throws(() => one.setSync({ n: 9, m: 9 }), 'timeout');
        Atomics.store(words, turn, 0);
        Atomics.notify(words, turn, 1);
        await within(Promise.all([...sets, update]), 5000, 'the changes');
        deepEqual(one.get(), { n: 12, m: 0 });
      }),
  },
  {
    name: 'a codec that says what each value takes is held to it',
    run: (env) =>
      withSpace(env, async (space) => {
        const three = { ...text, id: 'three', fixed: 3 };
        const one = cell(space, 'c', three, 'abc');
        await one.set('xyz');
        equal(one.get(), 'xyz');
        if (env.transport === 'shared') await rejects(one.set('four'), 'too-large');
        equal(one.get(), 'xyz');
      }),
  },
  {
    name: 'values of any size, and the space gets back what they took',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cell(space, 'c', text, '');
        const base = space.stats().used;
        for (const size of [1, 100, 10_000, 300_000, 5]) {
          await one.set('x'.repeat(size));
          equal(one.get().length, size);
        }
        await one.set('');
        ok(space.stats().used <= base + 256, 'bytes in use');
      }),
  },
  {
    name: 'a store sets, gets, deletes, counts and lists',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = storeOf(space, 's');
        equal(one.get('a'), undefined);
        equal(one.size, 0);
        await one.set('a', 1);
        await one.set('b', [2]);
        await one.set('a', { n: 3 });
        deepEqual(one.get('a'), { n: 3 });
        deepEqual([...one.keys()].sort(), ['a', 'b']);
        equal(one.size, 2);
        equal(await one.delete('a'), true);
        equal(await one.delete('a'), false);
        equal(one.get('a'), undefined);
        deepEqual([...one.keys()], ['b']);
        const long = 'k'.repeat(5000);
        await one.set(long, 'long');
        equal(one.get(long), 'long');
        await one.set('', 'empty');
        equal(one.get(''), 'empty');
      }),
  },
  {
    name: 'what one thread puts in a store all see',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        await one.call('storeSet', 's', 'a', 'from one');
        await becomes(() => two.call('storeGet', 's', 'a'), 'from one');
        await two.call('storeSet', 's', 'b', { x: [1, null] });
        const mine = storeOf(space, 's');
        await mine.ready;
        deepEqual(mine.get('b'), { x: [1, null] });
        equal(await mine.delete('a'), true);
        await within(two.call('watchStore', 's', 'a', null), 5000, 'the deletion');
        deepEqual(await two.call('storeKeys', 's'), ['b']);
      }),
  },
  {
    name: 'replace changes a value only where it is the expected one, exactly once among all',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const mine = storeOf(space, 's');
        equal(await mine.replace('a', 1, 2), false);
        equal(await mine.replace('a', undefined, { n: 1 }), true);
        equal(await mine.replace('a', undefined, { n: 2 }), false);
        equal(await mine.replace('a', { n: 1 }, { n: 2 }), true);
        await within(
          Promise.all([one.call('storeAdd', 's', 'n', 100), two.call('storeAdd', 's', 'n', 100)]),
          15_000,
          'the additions',
        );
        await becomes(() => one.call('storeGet', 's', 'n'), 200);
      }),
  },
  {
    name: 'watching a key of a store gives what is there and then the newest, and undefined when it goes',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await agent.call('storeSet', 's', 'a', 1);
        const one = storeOf(space, 's');
        const watching = one.watch('a', { timeout: 5000 });
        equal((await watching.next()).value, 1);
        await agent.call('storeSet', 's', 'a', 2);
        equal((await watching.next()).value, 2);
        await agent.call('storeDelete', 's', 'a');
        equal((await watching.next()).value, undefined);
        await agent.call('storeSet', 's', 'a', 3);
        equal((await watching.next()).value, 3);
        const end = watching.next();
        await space.close();
        equal((await within(end, 5000, 'the end')).done, true);
      }),
  },
  {
    name: 'return() ends a watch that waits, and what waits for it',
    run: (env) =>
      withSpace(env, async (space) => {
        const values = storeOf(space, 's');
        for (const watching of [cellOf(space, 'c').watch(), values.watch('a')]) {
          await watching.next();
          const waiting = watching.next();
          const { done } = await within(returned(watching), 5000, 'return()');
          equal(done, true);
          equal((await waiting).done, true);
          equal((await watching.next()).done, true);
        }
        const unseen = values.watch('a');
        equal((await returned(unseen)).done, true);
        equal((await unseen.next()).done, true);
      }),
  },
  {
    name: 'a watch that begins when the creator has closed the space ends after what is there',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await agent.call('set', 'c', 7);
        await space.close();
        await rejects(agent.call('set', 'c', 8), 'closed');
        const seen = await within(agent.call('watchCell', 'c', undefined), 5000, 'the end');
        deepEqual(seen, [7]);
      }),
  },
  {
    name: 'a full store is "full" and keeps what it has',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = store(space, 's', { codec: text, entries: 3 });
        for (const key of ['a', 'b', 'c']) await one.set(key, key);
        await rejects(one.set('d', 'd'), 'full');
        equal(one.size, 3);
        await one.set('a', 'again');
        await one.delete('b');
        await one.set('d', 'd');
        deepEqual([...one.keys()].sort(), ['a', 'c', 'd']);
      }),
  },
  {
    name: 'a store agrees with a Map over random changes',
    run: (env) =>
      withSpace(env, async (space) => {
        const next = random(5);
        const one = storeOf(space, 's');
        /** @type {Map<string, number>} */
        const model = new Map();
        for (let i = 0; i < 2000; i++) {
          const key = `k${next(12)}`;
          const value = next(4);
          const kind = next(4);
          if (kind === 0) equal(await one.delete(key), model.delete(key));
          else if (kind === 1) {
            const fits = model.get(key) === value;
            equal(await one.replace(key, value, value + 1), fits);
            if (fits) model.set(key, value + 1);
          } else {
            await one.set(key, value);
            model.set(key, value);
          }
          equal(one.get(key), model.get(key));
          equal(one.size, model.size);
        }
        deepEqual([...one.keys()].sort(), [...model.keys()].sort());
      }),
  },
  {
    name: 'a thread that dies while it changes cells and stores leaves them usable',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        one.call('count', 'c', 1e9).catch(() => {});
        one.call('storeAdd', 's', 'n', 1e9).catch(() => {});
        const counter = cellOf(space, 'c');
        while (counter.get() < 5) await counter.changed(counter.version, { timeout: 5000 });
        await within(one.peer.terminate(), 10_000, 'the end of the worker');
        await counter.set(-1);
        equal(counter.get(), -1);
        await two.call('storeSet', 's', 'n', 0);
        await within(two.call('storeAdd', 's', 'n', 10), 5000, 'the additions');
        equal(await two.call('storeGet', 's', 'n'), 10);
      }),
  },
  {
    name: 'cells and stores of another codec or size are a "mismatch"',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        cell(space, 'c', text, '');
        throws(() => cell(space, 'c', json(), 0), 'mismatch');
        store(space, 's', { codec: text, entries: 16 });
        throws(() => store(space, 's', { codec: text, entries: 17 }), 'mismatch');
        throws(() => cell(space, 's', text, ''), 'mismatch');
        await rejects(agent.call('set', 'c', 1), 'mismatch');
        await rejects(agent.call('storeSet', 's', 'a', 1), 'mismatch');
      }),
  },
  {
    name: 'options of cells and stores that make no sense are a TypeError, and change nothing',
    run: (env) =>
      withSpace(env, async (space) => {
        /** @param {unknown} error */
        const typeError = (error) => error instanceof TypeError;
        for (const entries of [0, -1, 1.5, 65536, '3']) {
          throws(() => store(space, 's', /** @type {any} */ ({ entries })), typeError);
        }
        for (const codec of /** @type {any[]} */ ([0, json, { id: 'mine' }])) {
          match(throws(() => cell(space, 'v', codec, 0), typeError).message, /codec has an id/);
          match(throws(() => store(space, 's', { codec }), typeError).message, /codec has an id/);
        }
        throws(() => store(space, ''), typeError);
        const one = store(space, 's', { codec: text });
        throws(() => one.get(/** @type {any} */ (1)), typeError);
        await rejects(one.set('a', /** @type {any} */ (undefined)), typeError);
        await rejects(one.set('a', /** @type {any} */ (5)), typeError);
        equal(one.size, 0);
        const counter = cellOf(space, 'c');
        // Node would stay for it, and the suite's end says so.
        await rejects(counter.changed(counter.version, { timeout: -1 }), typeError);
        const never = { timeout: NaN };
        await rejects(
          counter.update(() => 7, never),
          typeError,
        );
        await rejects(one.set('a', 'x', never), typeError);
        equal(counter.get(), 0);
        equal(one.get('a'), undefined);
      }),
  },
  {
    name: 'the immediate forms of changes work where memory is shared, and say so where it is not',
    run: (env) =>
      withSpace(env, async (space) => {
        const one = cellOf(space, 'c');
        const values = storeOf(space, 's');
        if (!isShared(env)) {
          throws(() => one.setSync(1), 'not-isolated');
          throws(() => one.updateSync((n) => n + 1), 'not-isolated');
          throws(() => values.setSync('a', 1), 'not-isolated');
          throws(() => values.deleteSync('a'), 'not-isolated');
          throws(() => values.replaceSync('a', undefined, 1), 'not-isolated');
          return;
        }
        one.setSync(1);
        equal(
          one.updateSync((n) => n + 1),
          2,
        );
        equal(one.get(), 2);
        values.setSync('a', 1);
        equal(values.replaceSync('a', 2, 3), false);
        equal(values.replaceSync('a', 1, 3), true);
        equal(values.get('a'), 3);
        equal(values.deleteSync('a'), true);
        equal(values.deleteSync('a'), false);
      }),
  },
  {
    name: "a key's version grows with each of its changes, and no other's",
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const one = storeOf(space, 's');
        equal(one.version('a'), 0);
        await one.set('a', 1);
        const first = one.version('a');
        ok(first > 0);
        await one.set('b', 1);
        equal(one.version('a'), first);
        await agent.call('storeSet', 's', 'a', 2);
        await becomes(async () => one.get('a'), 2);
        const second = one.version('a');
        ok(second > first);
        await one.delete('a');
        equal(one.version('a'), 0);
        await one.set('a', 3);
        ok(one.version('a') > second);
      }),
  },
  {
    name: 'a store takes no more bytes than its space has, and goes on with what it had',
    run: async (env) => {
      const space = await create({ ...env.options, bytes: 2 ** 18 });
      const one = store(space, 's', { codec: bytes });
      await one.set('a', new Uint8Array(1000).fill(7));
      const { message } = await rejects(one.set('a', new Uint8Array(2 ** 19)), 'no-memory');
      match(message, /bytes/);
      equal(one.get('a')?.length, 1000);
      const filling = async () => {
        for (let i = 0; i < 250; i++) await one.set(`${i}`, new Uint8Array(2000));
      };
      await rejects(filling(), 'no-memory');
      for (const key of [...one.keys()]) if (key !== 'a') await one.delete(key);
      for (let i = 0; i < 500; i++) await one.set('a', new Uint8Array(2000).fill(i));
      deepEqual([...one.keys()], ['a']);
      await space.close();
    },
  },
  {
    name: 'a change that was refused is not taken for the next one, by no watch and no replace',
    run: async (env) => {
      const space = await create({ ...env.options, bytes: 2 ** 18 });
      const one = store(space, 's', { codec: text, entries: 2 });
      await one.set('a', 'old');
      await one.set('b', 'old');
      const large = 'x'.repeat(2 ** 19);
      for (const [key, value, code] of [
        ['a', large, 'no-memory'],
        ['c', 'much', 'full'],
      ]) {
        const changes = one.watch(key);
        const before = (await changes.next()).value;
        const refused = rejects(one.set(key, value), code);
        // Over messages this thread sees its own change at once.
        if (one.get(key) === value) equal((await changes.next()).value, value);
        const stale = one.replace(key, value, 'stale');
        await refused;
        equal(await stale, false, `a replace of ${key}`);
        equal(one.get(key), before);
        await one.delete('b');
        await one.set(key, 'new');
        for (let seen = before; seen !== 'new'; ) seen = (await changes.next()).value;
        await changes.return?.();
        await one.delete('c');
        await one.set('b', 'old');
      }
      await space.close();
    },
  },
  {
    name: 'the cells and stores of a space that was closed say so, whoever has their memory now',
    run: async (env) => {
      const space = await create(env.options);
      const fixed = cell(space, 'f', PAIR, { n: 1, m: -1 });
      const one = cellOf(space, 'c');
      const values = storeOf(space, 's');
      const empty = storeOf(space, 'e');
      await values.set('a', 1);
      await space.close();
      throws(() => fixed.get(), 'closed');
      throws(() => one.get(), 'closed');
      throws(() => values.get('a'), 'closed');
      throws(() => values.version('a'), 'closed');
      throws(() => [...values.keys()], 'closed');
      throws(() => values.size, 'closed');
      throws(() => [...empty.keys()], 'closed');
      throws(() => empty.size, 'closed');
      await rejects(values.set('a', 2), 'closed');
      await rejects(one.set(2), 'closed');
      await rejects(fixed.set({ n: 2, m: -2 }), 'closed');
      const seen = [];
      for await (const value of values.watch('a')) seen.push(value);
      equal(seen.length, 0);
    },
  },
];
