// Locks: one at a time, in turn, and given on when their owners die.
import { becomes, startAgent, withAgents } from './agent.js';
import { deepEqual, equal, notEqual, ok, rejects, throws, within } from './assert.js';
import { attach, barrier, create, mutex, rwlock, semaphore } from './sdk.js';

const SCRIPT = 'objects.js';

/**
 * @param {import('./env.js').Env} env
 * @param {number} count
 * @param {(space: import('sluice').Space, ...agents: import('./agent.js').Agent[]) => Promise<void>} use
 */
const withThreads = (env, count, use) => withAgents(env, count, use, {}, SCRIPT);

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

/** @type {import('./env.js').Case[]} */
export const locks = [
  {
    name: 'a mutex has one holder among the tasks of a thread, in the order in which they came',
    run: (env) =>
      withSpace(env, async (space) => {
        const lock = mutex(space, 'm');
        /** @type {number[]} */
        const order = [];
        let inside = 0;
        const task = async (/** @type {number} */ n) => {
          const held = await lock.lock();
          equal(++inside, 1, 'holders');
          await new Promise((resolve) => setTimeout(resolve));
          order.push(n);
          inside--;
          held.release();
        };
        await Promise.all([task(1), task(2), task(3), task(4)]);
        deepEqual(order, [1, 2, 3, 4]);
      }),
  },
  {
    name: 'tryLock gives undefined where it would have to wait, and the lock where not',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await agent.call('lock', 'a', 'mutex', 'm');
        equal(await mutex(space, 'm').tryLock(), undefined);
        await agent.call('release', 'a');
        const held = await within(mutex(space, 'm').lock(), 5000, 'the lock');
        equal(held.recovered, false);
        equal(await agent.call('tryLock', 'b', 'mutex', 'm'), undefined);
        held.release();
        held.release(); // a second time is nothing
        ok(await agent.call('lock', 'c', 'mutex', 'm'));
      }),
  },
  {
    name: 'two threads that add to a cell under a mutex lose nothing',
    run: (env) =>
      withThreads(env, 2, async (_space, one, two) => {
        await within(
          Promise.all([one.call('addLocked', 'n', 'm', 100), two.call('addLocked', 'n', 'm', 100)]),
          15_000,
          'the additions',
        );
        // The last of the other's may still be on its way to this one.
        await becomes(() => one.call('get', 'n'), 200);
      }),
  },
  {
    name: 'a lock that is waited for in vain is not taken afterwards',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const lock = mutex(space, 'm');
        await agent.call('lock', 'a', 'mutex', 'm');
        await rejects(lock.lock({ timeout: 20 }), 'timeout');
        const abort = new AbortController();
        const reason = new Error('changed my mind');
        const waiting = rejects(lock.lock({ signal: abort.signal }), (e) => e === reason);
        abort.abort(reason);
        await waiting;
        await rejects(lock.lock({ signal: abort.signal }), (e) => e === reason);
        await agent.call('release', 'a');
        ok(await within(agent.call('lock', 'b', 'mutex', 'm'), 5000, 'the lock'));
      }),
  },
  {
    name: 'the next owner is told that the last one died holding the mutex',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        await one.call('lock', 'a', 'mutex', 'm');
        const waiting = [mutex(space, 'm').lock(), two.call('lock', 'a', 'mutex', 'm')];
        await one.peer.terminate();
        const first = await within(Promise.race(waiting), 10_000, 'the lock');
        equal(first.recovered, true);
        if ('release' in first) first.release();
        else await two.call('release', 'a');
        await within(Promise.all(waiting), 5000, 'both');
      }),
  },
  {
    name: 'a writer is alone, readers are together, and a waiting writer keeps new readers out',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const { read, write } = rwlock(space, 'rw');
        const reading = [await read.lock(), await read.lock()];
        await one.call('lock', 'r', 'read', 'rw');
        equal(await write.tryLock(), undefined);
        const writing = two.call('lock', 'w', 'write', 'rw');
        // Readers come in until the writer has begun to wait.
        for (let more = await read.tryLock(); more; more = await read.tryLock()) {
          more.release();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        equal(await one.call('tryLock', 'r2', 'read', 'rw'), undefined);
        for (const held of reading) held.release();
        await one.call('release', 'r');
        await within(writing, 5000, 'the writer');
        equal(await read.tryLock(), undefined);
        const late = read.lock();
        await two.call('release', 'w');
        (await within(late, 5000, 'the reader')).release();
      }),
  },
  {
    name: 'who waits to write and gives up lets the readers in again',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const { read, write } = rwlock(space, 'rw');
        await agent.call('lock', 'r', 'read', 'rw');
        await rejects(write.lock({ timeout: 20 }), 'timeout');
        const held = await within(read.lock(), 5000, 'the reader');
        held.release();
      }),
  },
  {
    name: 'readers learn that a writer died; who dies reading leaves nothing behind',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const { read, write } = rwlock(space, 'rw');
        await one.call('lock', 'r', 'read', 'rw');
        await one.peer.terminate();
        const held = await within(write.lock(), 10_000, 'the writer');
        equal(held.recovered, false);
        held.release();
        await two.call('lock', 'w', 'write', 'rw');
        const waiting = read.lock();
        await two.peer.terminate();
        equal((await within(waiting, 10_000, 'the reader')).recovered, true);
      }),
  },
  ...[
    { kind: 'mutex', open: mutex },
    {
      kind: 'semaphore',
      open: (/** @type {any} */ space, /** @type {string} */ name) => semaphore(space, name, 1),
    },
    {
      kind: 'write',
      open: (/** @type {any} */ space, /** @type {string} */ name) => rwlock(space, name).write,
    },
  ].map(({ kind, open }) => ({
    name: `who gives up waiting, or leaves, takes no wake-up from who waits on: ${kind}`,
    run: (/** @type {import('./env.js').Env} */ env) =>
      withThreads(env, 3, async (space, one, two, three) => {
        // It has done what was asked of it before, and sleeps.
        const asleep = () => two.call('release', 'nothing');
        /** @param {() => Promise<unknown>} act */
        const round = async (act) => {
          await one.call('lock', 'held', kind, 'l', 1);
          const waiting = two.call('lock', 'wanted', kind, 'l', 1);
          await asleep();
          await act();
          await asleep();
          await one.call('release', 'held');
          await within(waiting, 5000, 'the lock');
          await two.call('release', 'wanted');
        };
        for (let i = 0; i < 20; i++) {
          await round(async () => {
            const abort = new AbortController();
            const mine = open(space, 'l').lock({ signal: abort.signal });
            abort.abort();
            await rejects(mine, (error) => error === abort.signal.reason);
          });
        }
        await round(async () => {
          const theirs = rejects(three.call('lock', 'never', kind, 'l', 1), 'closed');
          await three.call('closeSpace');
          await within(theirs, 5000, 'the end of its wait');
        });
        await one.call('lock', 'held', kind, 'l', 1);
        const mine = rejects(open(space, 'l').lock(), 'closed');
        await space.close();
        await within(mine, 5000, 'the end of mine');
      }),
  })),
  {
    name: 'who closes its space gives back the locks that it has',
    run: (env) =>
      withThreads(env, 1, async (space, one) => {
        const kinds = ['mutex', 'read', 'write', 'semaphore'];
        for (const kind of kinds) await one.call('lock', kind, kind, kind, 1);
        /** @type {[string, import('sluice').Lock][]} */
        const same = [
          ['mutex', mutex(space, 'mutex')],
          ['read', rwlock(space, 'read').write],
          ['write', rwlock(space, 'write').read],
          ['semaphore', semaphore(space, 'semaphore', 1)],
        ];
        for (const [kind, lock] of same) equal(await lock.tryLock(), undefined, kind);
        await one.call('closeSpace');
        for (const [kind, lock] of same) {
          const held = await within(lock.lock(), 5000, kind);
          equal(held.recovered, false);
          held.release();
        }
      }),
  },
  {
    name: 'who waits at a barrier and closes its space waits no more',
    run: (env) =>
      withThreads(env, 1, async (space, one) => {
        const theirs = rejects(one.call('wait', 'b', 3), 'closed');
        await one.call('closeSpace');
        await within(theirs, 5000, 'the end of its wait');
        const mine = rejects(barrier(space, 'b', 3).wait(), 'closed');
        await space.close();
        await within(mine, 5000, 'the end of mine');
      }),
  },
  {
    name: 'all readers learn that a writer died, until another has written',
    run: (env) =>
      withThreads(env, 3, async (space, one, two, three) => {
        const { read, write } = rwlock(space, 'rw');
        await one.call('lock', 'w', 'write', 'rw');
        const theirs = [two, three].map((each) => each.call('lock', 'r', 'read', 'rw'));
        const mine = [read.lock(), read.lock()];
        await one.peer.terminate();
        const readers = await within(Promise.all(mine), 10_000, 'the readers here');
        const told = [...readers, ...(await within(Promise.all(theirs), 5000, 'the others'))];
        deepEqual(
          told.map(({ recovered }) => recovered),
          [true, true, true, true],
        );
        for (const held of readers) held.release();
        for (const each of [two, three]) await each.call('release', 'r');
        const held = await within(write.lock(), 5000, 'the writer');
        equal(held.recovered, true);
        held.release();
        equal((await within(read.lock(), 5000, 'a reader')).recovered, false);
        equal((await two.call('lock', 'r', 'read', 'rw')).recovered, false);
      }),
  },
  {
    name: 'a semaphore has as many permits as it says, over all threads, and gets back those of the dead',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const permits = semaphore(space, 's', 3);
        await agent.call('lock', 'a', 'semaphore', 's', 3);
        await agent.call('lock', 'b', 'semaphore', 's', 3);
        await agent.call('lock', 'only', 'semaphore', 'one', 1);
        const own = await permits.lock();
        equal(await permits.tryLock(), undefined);
        const next = permits.lock();
        own.release();
        (await within(next, 5000, 'the permit')).release();
        await agent.peer.terminate();
        const all = await within(
          Promise.all([permits.lock(), permits.lock(), permits.lock()]),
          10_000,
          'all permits',
        );
        equal(
          all.some(({ recovered }) => recovered),
          false,
        );
        const only = await within(semaphore(space, 'one', 1).lock(), 10_000, 'the only permit');
        equal(only.recovered, false);
      }),
  },
  {
    name: 'who gives up a barrier has not come, or has passed it with the others',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        for (let round = 0; round < 5; round++) {
          const own = barrier(space, 'b', 2).wait();
          const theirs = agent.call('wait', 'b', 2, { timeout: 10 });
          // Where this thread decides, it hears of both at once: that the other came, and gave up.
          const end = performance.now() + 60;
          while (performance.now() < end);
          const [here, there] = await within(Promise.allSettled([own, theirs]), 10_000, 'both');
          equal(there.status, here.status, `round ${round}`);
        }
      }),
  },
  {
    name: 'nobody passes a barrier before all have come, round after round, and one is the last',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const gate = barrier(space, 'b', 3);
        for (let round = 0; round < 5; round++) {
          let passed = 0;
          const first = one.call('wait', 'b', 3).finally(() => passed++);
          await rejects(gate.wait({ timeout: 5 }), 'timeout');
          equal(passed, 0);
          const second = two.call('wait', 'b', 3);
          const places = await within(
            Promise.all([first, second, gate.wait()]),
            5000,
            `round ${round}`,
          );
          deepEqual(
            places.filter((missing) => missing === 0),
            [0],
          );
        }
      }),
  },
  {
    name: 'a party of a barrier that dies breaks it for those who wait',
    run: (env) =>
      withThreads(env, 2, async (space, one, two) => {
        const gate = barrier(space, 'b', 3);
        await within(
          Promise.all([one.call('wait', 'b', 3), two.call('wait', 'b', 3), gate.wait()]),
          5000,
          'the first round',
        );
        const waiting = rejects(within(gate.wait(), 15_000, 'the second round'), 'peer-lost');
        await one.peer.terminate();
        await waiting;
      }),
  },
  {
    name: 'one name is one thing: another kind or size is a "mismatch", at once or at the first use',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await (await mutex(space, 'm').lock()).release();
        throws(() => semaphore(space, 'm', 2), 'mismatch');
        await rejects(agent.call('lock', 'a', 'semaphore', 'm', 2), 'mismatch');
        const held = await semaphore(space, 's', 2).lock();
        held.release();
        await rejects(agent.call('lock', 'a', 'semaphore', 's', 3), 'mismatch');
      }),
  },
  {
    name: 'options of locks that make no sense are a TypeError',
    run: (env) =>
      withSpace(env, async (space) => {
        /** @param {unknown} error */
        const typeError = (error) => error instanceof TypeError;
        for (const permits of [0, -1, 1.5, 4097, NaN, '2']) {
          throws(() => semaphore(space, 's', /** @type {any} */ (permits)), typeError);
        }
        for (const parties of [0, 48, 1.5, undefined]) {
          throws(() => barrier(space, 'b', /** @type {any} */ (parties)), typeError);
        }
        throws(() => mutex(space, ''), typeError);
        throws(() => mutex(space, 'x'.repeat(101)), 'too-large');
        throws(() => mutex(/** @type {any} */ ({}), 'm'), typeError);
        await rejects(mutex(space, 'm').lock({ timeout: -1 }), typeError);
        const one = barrier(space, 'b', 2);
        await rejects(one.wait({ timeout: -1 }), typeError);
        await rejects(one.wait({ timeout: 1 }), 'timeout'); // it has not come before
      }),
  },
  {
    name: 'who has closed its space takes no lock of it, and comes to no barrier',
    run: async (env) => {
      const others = await create(env.options);
      const space = isShared(env) ? await attach(others.handle) : others;
      const { read, write } = rwlock(space, 'rw');
      const taken = [mutex(space, 'm'), read, write, semaphore(space, 's', 1)];
      const meeting = barrier(space, 'b', 2);
      await space.close();
      for (const lock of taken) {
        await rejects(lock.lock(), 'closed');
        await rejects(lock.tryLock(), 'closed');
        throws(() => lock.tryLockSync(), isShared(env) ? 'closed' : 'not-isolated');
      }
      await rejects(within(meeting.wait(), 5000, 'the barrier'), 'closed');
      await others.close();
    },
  },
  {
    name: 'a worker waits for a lock asleep, and in vain for what it has itself',
    where: isShared,
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const held = await mutex(space, 'm').lock();
        await rejects(agent.call('lockSync', 'a', 'mutex', 'm', 1, { timeout: 20 }), 'timeout');
        const waiting = agent.call('lockSync', 'a', 'mutex', 'm', 1);
        held.release();
        ok(await within(waiting, 5000, 'the lock'));
        await rejects(agent.call('lockSync', 'b', 'mutex', 'm', 1), 'mismatch');
        notEqual(await agent.call('waitSync', 'b', 1), undefined);
      }),
  },
  {
    name: 'the blocking forms say that they need shared memory',
    where: (setting) => !isShared(setting),
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        await rejects(agent.call('lockSync', 'a', 'mutex', 'm', 1), 'not-isolated');
        await rejects(agent.call('waitSync', 'b', 2), 'not-isolated');
        throws(
          () => mutex(space, 'm').tryLockSync(),
          (e) => ['not-isolated', 'wrong-thread'].includes(/** @type {any} */ (e).code),
        );
      }),
  },
  {
    name: 'a page may not block for a lock, and may try',
    where: (setting) => isShared(setting) && setting.engine !== 'node',
    run: (env) =>
      withSpace(env, async (space) => {
        throws(() => mutex(space, 'm').lockSync(), 'wrong-thread');
        const held = mutex(space, 'm').tryLockSync();
        ok(held);
        equal(mutex(space, 'm').tryLockSync(), undefined);
        held.release();
      }),
  },
  {
    name: 'a worker that leaves while another waits leaves the lock to it',
    run: (env) =>
      withThreads(env, 1, async (space, agent) => {
        const other = await startAgent(env, space, SCRIPT);
        await agent.call('lock', 'a', 'mutex', 'm');
        const waiting = other.call('lock', 'a', 'mutex', 'm');
        await agent.call('release', 'a');
        ok(await within(waiting, 5000, 'the lock'));
        other.peer.worker.terminate();
      }),
  },
];
