// Blocks: memory by reference, shared by handle, or copied over messages.
import { startAgent, withAgents } from './agent.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { alloc, block, channel, create, value } from './sdk.js';
import { settled } from './serving.js';

/** @typedef {import('sluice').Block} Block */
/** @typedef {import('sluice').Handle} Handle */

/** @type {typeof Symbol.dispose} */
const DISPOSE = /** @type {any} */ (Symbol.dispose ?? Symbol.for('Symbol.dispose'));

/** @param {Block} one */
const dispose = (one) => one[DISPOSE]();

/** @type {import('./env.js').Case[]} */
export const blocks = [
  {
    name: 'a block is zeroed, of the length asked for, and gives its memory back when closed',
    run: async (env) => {
      const space = await create(env.options);
      dispose(alloc(space, 1));
      const base = space.stats().used;
      for (const length of [1, 127, 4096, 300_000]) {
        const one = alloc(space, length);
        equal(one.bytes.length, length);
        ok(one.bytes.every((byte) => byte === 0));
        equal(one.bytes.buffer.byteLength, space.memory.buffer.byteLength);
        one.bytes.fill(0xff);
        ok(space.stats().used >= base + length);
        one.close();
        dispose(one);
        equal(space.stats().used, base);
        throws(() => one.bytes, 'closed');
        throws(() => one.handle, 'closed');
      }
      // What was there before does not show.
      ok(alloc(space, 300_000).bytes.every((byte) => byte === 0));
      const left = alloc(space, 10);
      await space.close();
      throws(() => left.bytes, 'closed');
      throws(() => alloc(space, 10), 'closed');
      dispose(left);
    },
  },
  {
    name: 'another thread opens a block by its handle: the same memory, or over messages a copy',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        const one = alloc(space, 3);
        one.bytes.set([1, 2, 3]);
        await agent.call('openBlock', 'b', one.handle);
        deepEqual(await agent.call('readBlock', 'b'), Uint8Array.of(1, 2, 3));
        one.bytes[0] = 9;
        await agent.call('writeBlock', 'b', 2, 7);
        const shared = env.transport === 'shared';
        deepEqual(await agent.call('readBlock', 'b'), Uint8Array.of(shared ? 9 : 1, 2, 7));
        deepEqual(one.bytes.slice(), Uint8Array.of(9, 2, shared ? 7 : 3));
      }),
  },
  {
    name: 'a handle goes through a channel, and a block from a worker comes back',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        const base = space.stats().used;
        await agent.call('alloc', 'b', 400_000);
        await agent.call('writeBlock', 'b', 399_999, 5);
        const handles = channel(space, 'handles', { kind: 'spsc', codec: value });
        const [sender, receiver] = [handles.sender(), handles.receiver()];
        await sender.send(await agent.call('handleOf', 'b'));
        const mine = block(space, /** @type {Handle} */ (await receiver.receive()));
        equal(mine.bytes.length, 400_000);
        equal(mine.bytes[399_999], 5);
        await agent.call('disposeBlock', 'b');
        equal(mine.bytes[399_999], 5);
        ok(space.stats().used >= base + 400_000);
        dispose(mine);
        ok(space.stats().used < base + 400_000);
      }),
  },
  {
    name: 'a block lives until each thread has closed it as often as it has opened it',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        const base = space.stats().used;
        const one = alloc(space, 5000);
        const { handle } = one;
        const again = block(space, handle);
        await agent.call('openBlock', 'b', handle);
        dispose(one);
        again.bytes[4999] = 1;
        dispose(again);
        await agent.call('readBlock', 'b');
        await agent.call('disposeBlock', 'b');
        equal(space.stats().used, base);
        if (env.transport === 'message') {
          // The handle is a copy of its own.
          equal(block(space, handle).bytes.length, 5000);
          return;
        }
        throws(() => block(space, handle), 'closed');
        const next = alloc(space, 5000);
        throws(() => block(space, handle), 'closed');
        await rejects(agent.call('openBlock', 'b', handle), 'closed');
        dispose(next);
        equal(space.stats().used, base);
      }),
  },
  {
    name: 'what a dead thread had of blocks is freed, and what others have of them stays',
    run: (env) =>
      withAgents(env, 1, async (space, other) => {
        await (await startAgent(env, space)).peer.terminate();
        const base = space.stats().used;
        const agent = await startAgent(env, space);
        await agent.call('alloc', 'own', 200_000);
        await agent.call('alloc', 'shared', 100);
        await agent.call('writeBlock', 'shared', 0, 42);
        const mine = block(space, await agent.call('handleOf', 'shared'));
        await agent.call('openBlock', 'mine', mine.handle);
        await within(agent.peer.terminate(), 12_000, 'its end');
        equal(mine.bytes[0], 42);
        await other.call('openBlock', 'b', mine.handle);
        dispose(mine);
        deepEqual((await other.call('readBlock', 'b'))[0], 42);
        await other.call('disposeBlock', 'b');
        await settled(space, base);
      }),
  },
  {
    name: 'a block grows the space as far as it may, and then is "no-memory"',
    run: async (env) => {
      const space = await create({ ...env.options, bytes: 2 ** 18, maxBytes: 2 ** 20 });
      const one = alloc(space, 300_000);
      one.bytes[299_999] = 1;
      ok(space.memory.buffer.byteLength > 300_000);
      throws(() => alloc(space, 2 ** 20), 'no-memory');
      throws(() => alloc(space, 2 ** 33), 'no-memory');
      equal(one.bytes[299_999], 1);
      await space.close();
    },
  },
  {
    name: 'what is no block is refused',
    run: async (env) => {
      const space = await create(env.options);
      const other = await create(env.options);
      /** @param {unknown} error */
      const typeError = (error) => error instanceof TypeError;
      for (const bytes of [0, -1, 1.5, Number.NaN, '8', undefined]) {
        throws(() => alloc(space, /** @type {any} */ (bytes)), typeError);
      }
      for (const handle of [undefined, null, {}, space.handle, 7]) {
        throws(() => block(space, /** @type {any} */ (handle)), typeError);
      }
      const foreign = alloc(other, 8).handle;
      match(throws(() => block(space, foreign), 'mismatch').message, /another space/);
      if (env.transport === 'shared') {
        const { handle } = alloc(space, 8);
        for (const offset of [0, 1, 128, 2 ** 31, 2 ** 32 - 128]) {
          throws(
            () => block(space, /** @type {any} */ ({ ...handle, offset })),
            (error) => error.code === 'mismatch' || error.code === 'closed',
          );
        }
      }
      await other.close();
      await space.close();
    },
  },
];
