// Records larger than an eighth of the capacity: they go as blocks, and nothing shows it.
import { withAgents } from './agent.js';
import { deepEqual, equal, ok, rejects, throws, within } from './assert.js';
import { random } from './random.js';
import * as sdk from './sdk.js';

const { bytes, channel, create, json, text } = sdk;

/** @typedef {'spsc' | 'mpsc' | 'mpmc'} Kind */

/** @type {Kind[]} */
const KINDS = ['spsc', 'mpsc', 'mpmc'];
const LONG = 15_000;
const MIB = 2 ** 20;

/** Bytes that are told apart at each place. @param {number} length @param {number} seed */
function pattern(length, seed) {
  const made = new Uint8Array(length);
  for (let i = 0; i < length; i++) made[i] = (i * 31 + (i >> 8) + seed) & 255;
  return made;
}

/** Without the text of a megabyte where they differ. @param {Uint8Array} a @param {Uint8Array} b @param {string} what */
function same(a, b, what) {
  equal(a.length, b.length, `${what}: length`);
  const at = a.findIndex((value, i) => value !== b[i]);
  ok(at === -1, `${what}: differs at ${at}`);
}

/**
 * @param {import('./env.js').Env} env
 * @param {import('sluice').ChannelOptions<any>} options
 * @param {(ends: {sender: import('sluice').Sender<any>, receiver: import('sluice').Receiver<any>, space: import('sluice').Space, channel: import('sluice').Channel<any>}) => Promise<void>} use
 * @param {import('sluice').SpaceOptions} [more]
 */
async function withEnds(env, options, use, more = {}) {
  const space = await create({ ...env.options, ...more });
  const both = channel(space, 'c', options);
  try {
    await use({ space, channel: both, sender: both.sender(), receiver: both.receiver() });
  } finally {
    await space.close();
  }
}

/** What the space uses when all that was sent is released. @param {import('sluice').Space} space @param {number} used */
async function untilUsed(space, used) {
  const wait = (async () => {
    while (space.stats().used > used) await new Promise((resolve) => setTimeout(resolve));
  })();
  await within(wait, LONG, `${space.stats().used} bytes used, not ${used}`);
}

/** Without a look at each byte by the assertions. @param {any} a @param {any} b @param {string} what */
function alike(a, b, what) {
  if (b instanceof Uint8Array) same(a, b, what);
  else if (b instanceof Map) deepEqual(a, b, what);
  else ok(JSON.stringify(a) === JSON.stringify(b), what);
}

/** @type {import('./env.js').Case[]} */
export const channelBlocks = [
  ...KINDS.map((kind) => ({
    name: `${kind}: records of up to 1 MiB come back from a worker whole and in order`,
    run: (/** @type {import('./env.js').Env} */ env) =>
      withAgents(env, 1, async (space, worker) => {
        const options = { kind, capacity: 4096, codec: bytes };
        await worker.call('receiver', 'there', { ...options, codec: 'bytes' });
        await worker.call('sender', 'back', { ...options, codec: 'bytes' });
        await worker.call('echo', 'there', 'back');
        const sender = channel(space, 'there', options).sender();
        const receiver = channel(space, 'back', options).receiver();
        const number = random(1);
        const lengths = [0, 512, 513, 4096, MIB, 100_000, 1, MIB - 1, 512, 65_537];
        for (let i = 0; i < 30; i++) lengths.push(number(5000), number(200_000));
        const sending = (async () => {
          for (const [i, length] of lengths.entries()) await sender.send(pattern(length, i));
          sender.close();
        })();
        let count = 0;
        for await (const record of receiver) {
          same(record, pattern(lengths[count], count), `record ${count}`);
          count++;
        }
        equal(count, lengths.length);
        await sending;
      }),
  })),
  {
    name: 'large records that were received stay what they are, whatever comes after them',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const options = { kind: /** @type {const} */ ('spsc'), capacity: 4096, codec: bytes };
        await worker.call('receiver', 'there', { ...options, codec: 'bytes' });
        await worker.call('sender', 'back', { ...options, codec: 'bytes' });
        await worker.call('echo', 'there', 'back');
        const sender = channel(space, 'there', options).sender();
        const receiver = channel(space, 'back', options).receiver();
        const lengths = [MIB, MIB, 100_000, 100_000, MIB, 100_001, 100_001, MIB];
        const received = [];
        for (let i = 0; i < 32; i++) {
          await sender.send(pattern(lengths[i % 8], i));
          received.push(await receiver.receive());
        }
        for (const [i, record] of received.entries()) {
          same(record, pattern(lengths[i % 8], i), `record ${i}`);
        }
        sender.close();
      }),
  },
  {
    name: 'every codec carries large records',
    run: async (env) => {
      const long = 'Größe 日本語 👩‍🚀 '.repeat(40_000);
      /** @type {[import('sluice').Codec<any>, any][]} */
      const cases = [
        [bytes, pattern(MIB, 7)],
        [text, long],
        [json(), { list: Array.from({ length: 20_000 }, (_, i) => ({ i, text: `número ${i}` })) }],
      ];
      const { value } = /** @type {any} */ (sdk);
      if (value) {
        cases.push([
          value,
          new Map([['all', [new Float64Array(500).fill(0.5), long, 5n, new Date(7)]]]),
        ]);
      }
      for (const [codec, record] of cases) {
        await withEnds(
          env,
          { kind: 'mpmc', capacity: 1024, codec },
          async ({ sender, receiver }) => {
            await sender.send(record);
            alike(await receiver.receive(), record, codec.id);
            equal(sender.trySend(record), true);
            alike(await receiver.receive(), record, codec.id);
            equal(await sender.sendMany([record, record]), 2);
            await receiver.receive();
            alike(await receiver.receive(), record, codec.id);
          },
        );
      }
    },
  },
  {
    name: 'drain shows large records like the others, and keeps what its callback has not seen',
    run: async (env) => {
      for (const kind of KINDS) {
        await withEnds(env, { kind, capacity: 1024 }, async ({ sender, receiver }) => {
          const lengths = [10, 2000, 0, 128, 129, 50_000];
          for (const [i, length] of lengths.entries()) await sender.send(pattern(length, i));
          let seen = 0;
          /** @type {(memory: Uint8Array, offset: number, length: number, type: number) => void} */
          const use = (memory, offset, length, type) => {
            equal(type, 0);
            same(memory.slice(offset, offset + length), pattern(lengths[seen], seen), `${seen}`);
            seen++;
            if (seen === 2) throw new Error('enough');
          };
          const all = async () => {
            while (seen < lengths.length) {
              if (receiver.drain(use) === 0) await receiver.ready({ timeout: LONG });
            }
          };
          await rejects(all(), /enough/);
          equal(seen, 2);
          equal(await receiver.ready(), true);
          await all();
          equal(receiver.drain(use), 0);
        });
      }
    },
  },
  {
    name: 'an encoder or a decoder that throws on a large record leaves nothing behind',
    run: async (env) => {
      const codec = {
        ...bytes,
        id: 'picky',
        /** @param {Uint8Array} value @param {Uint8Array} into @param {number} offset */
        encode(value, into, offset) {
          if (value[0] === 1) throw new Error('unwanted');
          return bytes.encode(value, into, offset);
        },
        /** @param {Uint8Array} from @param {number} offset @param {number} length */
        decode(from, offset, length) {
          if (from[offset] === 2) throw new Error('unread');
          return bytes.decode(from, offset, length);
        },
      };
      await withEnds(
        env,
        { kind: 'mpmc', capacity: 1024, codec },
        async ({ sender, receiver, space }) => {
          const before = space.stats().used;
          for (let i = 0; i < 20; i++) {
            throws(() => sender.trySend(new Uint8Array(MIB).fill(1)), /unwanted/);
            await sender.send(new Uint8Array(MIB).fill(2));
            await rejects(receiver.receive(), /unread/);
            await sender.send(new Uint8Array(MIB).fill(3));
            equal((await receiver.receive()).length, MIB);
          }
          await untilUsed(space, before);
        },
      );
    },
  },
  {
    name: 'a codec whose size is more than it writes sends what it wrote',
    run: (env) => {
      const codec = {
        ...bytes,
        id: 'roomy',
        size: (/** @type {Uint8Array} */ value) => 2 * value.length,
      };
      return withEnds(
        env,
        { kind: 'spsc', capacity: 1024, codec },
        async ({ sender, receiver }) => {
          for (const length of [60, 100, 5000]) {
            await sender.send(pattern(length, length));
            same(await receiver.receive(), pattern(length, length), `${length}`);
          }
        },
      );
    },
  },
  {
    name: 'a send waits for memory as it waits for room, and "fail" does not',
    run: async (env) => {
      await withEnds(env, { kind: 'mpmc', capacity: 1024 }, async ({ sender, receiver }) => {
        let count = 0;
        while (sender.trySend(pattern(MIB, count))) count++;
        ok(count >= 2 && count <= 4, `${count} of 1 MiB fit into 4 MiB`);
        await rejects(sender.send(pattern(MIB, 0), { timeout: 5 }), 'timeout');
        const waiting = sender.send(pattern(MIB, count));
        for (let i = 0; i <= count; i++) {
          same(await receiver.receive({ timeout: LONG }), pattern(MIB, i), `record ${i}`);
        }
        await within(waiting, LONG, 'the send');
      });
      const failing = {
        kind: /** @type {const} */ ('spsc'),
        capacity: 1024,
        overflow: /** @type {const} */ ('fail'),
      };
      await withEnds(env, failing, async ({ sender, receiver }) => {
        while (sender.trySend(pattern(MIB, 0)));
        await rejects(sender.send(pattern(MIB, 0)), 'full');
        await receiver.receive();
        await sender.send(pattern(MIB, 0));
      });
    },
  },
  {
    name: 'three threads that fill the memory with large records all get on',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const options = { kind: /** @type {const} */ ('mpsc'), capacity: 1024 };
        const receiver = channel(space, 'c', options).receiver();
        for (const agent of [one, other])
          await agent.call('sender', 'c', { ...options, codec: 'bytes' });
        for (const agent of [one, other]) await agent.call('startFilling', 'c', 20, 700_000);
        let count = 0;
        for await (const record of receiver) {
          equal(record.length, 700_000);
          count++;
        }
        equal(count, 40);
      }),
  },
  {
    name: 'a record above what the space can hold is "too-large", and the channel goes on',
    run: (env) =>
      withEnds(env, { kind: 'mpmc', capacity: 1024 }, async ({ sender, receiver }) => {
        const large = new Uint8Array(5 * MIB);
        await rejects(sender.send(large), 'too-large');
        throws(() => sender.trySend(large), 'too-large');
        await rejects(sender.sendMany([large]), 'too-large');
        await sender.send(pattern(2000, 1));
        same(await receiver.receive(), pattern(2000, 1), 'the next');
      }),
  },
  {
    name: 'a space that may grow grows for a large record',
    run: (env) =>
      withEnds(
        env,
        { kind: 'mpmc', capacity: 1024 },
        async ({ sender, receiver }) => {
          const record = pattern(6 * MIB, 3);
          await sender.send(record);
          same(await receiver.receive(), record, 'the record');
        },
        { bytes: MIB, maxBytes: 16 * MIB },
      ),
  },
  {
    name: 'a broadcast carries an eighth of its capacity and no more',
    run: (env) =>
      withEnds(env, { kind: 'broadcast', capacity: 1024 }, async ({ sender, receiver }) => {
        await rejects(sender.send(new Uint8Array(129)), 'too-large');
        await sender.send(pattern(128, 1));
        same(await receiver.receive(), pattern(128, 1), 'the record');
      }),
  },
  {
    name: 'what the sender committed before it died is received, large records too, and no memory is lost',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const options = { kind: /** @type {const} */ ('mpmc'), capacity: 1024, codec: text };
        const receiver = channel(space, 'c', options).receiver();
        await worker.call('sender', 'c', { kind: 'mpmc', capacity: 1024 });
        await worker.call('send', 'c', 'small');
        equal(await receiver.receive(), 'small');
        const before = space.stats().used;
        const large = 'x'.repeat(300_000);
        await worker.call('send', 'c', large);
        await worker.call('send', 'c', `${large}!`);
        await worker.peer.terminate();
        ok((await receiver.receive()) === large);
        ok((await receiver.receive()) === `${large}!`);
        await rejects(within(receiver.receive(), LONG, 'the end'), 'peer-lost');
        await untilUsed(space, before);
      }),
  },
  {
    name: 'large records that nobody reads give their memory back when the receiver closes, or dies',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        for (const kind of /** @type {const} */ (['spsc', 'mpsc'])) {
          const both = channel(space, kind, { kind, capacity: 1024 });
          const sender = both.sender();
          const receiver = both.receiver();
          const before = space.stats().used;
          for (let i = 0; i < 3; i++) await sender.send(pattern(300_000, i));
          receiver.close();
          await untilUsed(space, before);
        }
        const sender = channel(space, 'c', { kind: 'spsc', capacity: 1024, codec: text }).sender();
        await worker.call('receiver', 'c', { kind: 'spsc', capacity: 1024 });
        await sender.send('x'.repeat(300_000));
        ok((await worker.call('receive', 'c')).length === 300_000);
        const before = space.stats().used;
        await sender.send('x'.repeat(300_000));
        await worker.peer.terminate();
        await untilUsed(space, before);
      }),
  },
  {
    name: 'mpmc: large records that a receiver leaves unread go to the others',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const options = { kind: /** @type {const} */ ('mpmc'), capacity: 1024, codec: text };
        const sender = channel(space, 'c', options).sender();
        await one.call('receiver', 'c', { kind: 'mpmc', capacity: 1024 });
        await other.call('receiver', 'c', { kind: 'mpmc', capacity: 1024 });
        const large = 'x'.repeat(100_000);
        await sender.sendMany([`${large}0`, `${large}1`, `${large}2`]);
        equal(await one.call('ready', 'c'), true);
        await one.call('closeReceiver', 'c');
        sender.close();
        const rest = /** @type {string[]} */ (
          await within(other.call('receiveAll', 'c'), LONG, 'the rest')
        );
        deepEqual(rest.map((value) => value.slice(-2)).sort(), ['x0', 'x1', 'x2']);
      }),
  },
  {
    name: 'blocking forms carry large records, and wait for memory',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        const options = { kind: 'mpmc', capacity: 1024, codec: 'bytes' };
        await one.call('sender', 'c', options);
        await other.call('receiver', 'c', options);
        await rejects(one.call('fillSync', 'c', 30, MIB, { timeout: 20 }), 'timeout');
        const filled = one.call('fillSync', 'c', 10, MIB);
        const lengths = other.call('takeLengthsSync', 'c');
        await filled;
        await one.call('closeSender', 'c');
        const all = /** @type {number[]} */ (await within(lengths, LONG, 'the reader'));
        ok(all.length >= 12 && all.every((length) => length === MIB), `${all.length} records`);
      }),
  },
];
