// Channels: order, back-pressure, limits, ends. The same cases on both transports.
import { withAgents } from './agent.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { random } from './random.js';
import { bytes, channel, create, json, SluiceError, text } from './sdk.js';

/** @type {{kind: 'spsc', capacity: number, codec: import('sluice').Codec<string>}} */
const SMALL = { kind: 'spsc', capacity: 1024, codec: text };
const NAMED = { capacity: 1024 };
/** 56 bytes of payload make a frame of 64: 16 of them fill 1024. */
const LINE = 'x'.repeat(56);

/**
 * A space with both ends of one small channel in this thread.
 *
 * @param {import('./env.js').Env} env
 * @param {(ends: {sender: import('sluice').Sender<any>, receiver: import('sluice').Receiver<any>, space: import('sluice').Space, channel: import('sluice').Channel<any>}) => Promise<void>} use
 * @param {import('sluice').ChannelOptions<any>} [options]
 */
async function withEnds(env, use, options = SMALL) {
  const space = await create(env.options);
  const both = channel(space, 'c', options);
  try {
    await use({ space, channel: both, sender: both.sender(), receiver: both.receiver() });
  } finally {
    await space.close();
  }
}

/** @type {import('./env.js').Case[]} */
export const channels = [
  {
    name: 'records of random sizes come back from a worker whole and in order',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const options = { codec: 'bytes', capacity: 4096 };
        await worker.call('receiver', 'there', options);
        await worker.call('sender', 'back', options);
        await worker.call('echo', 'there', 'back');
        const sender = channel(space, 'there', { kind: 'spsc', capacity: 4096 }).sender();
        const receiver = channel(space, 'back', { kind: 'spsc', capacity: 4096 }).receiver();
        const size = random(1);
        const records = Array.from({ length: 500 }, (_, i) =>
          new Uint8Array(size(513)).map((_, at) => i + at),
        );
        const sending = (async () => {
          for (const record of records) await sender.send(record);
          sender.close();
        })();
        let count = 0;
        for await (const record of receiver) deepEqual(record, records[count++], `record ${count}`);
        equal(count, records.length);
        await sending;
      }),
  },
  {
    name: 'records go from one worker to another',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        const values = Array.from({ length: 300 }, (_, i) => `record ${i}`);
        await one.call('sender', 'across', NAMED);
        await other.call('receiver', 'across', NAMED);
        const all = other.call('receiveAll', 'across');
        await one.call('startSending', 'across', values);
        deepEqual(await all, values);
      }),
  },
  {
    name: 'workers exchange records while the page never yields: none goes by way of it',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const values = Array.from({ length: 5000 }, (_, i) => `record ${i}`);
        await one.call('sender', 'across', NAMED);
        await other.call('receiver', 'across', NAMED);
        const across = channel(space, 'across', SMALL);
        const all = other.call('receiveAll', 'across');
        // Its answer says that it has begun.
        await one.call('startSending', 'across', values);
        const end = performance.now() + 8000;
        while (across.stats().received < values.length) {
          if (performance.now() > end) throw new Error(JSON.stringify(across.stats()));
        }
        deepEqual(await all, values);
      }),
  },
  {
    // WebKit loses a wake-up in some thousands (see losesWakeUps): enough of them to meet one.
    name: 'two workers that wait for each other thousands of times never miss a wake-up',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        const options = { capacity: 65_536 };
        const count = env.transport === 'shared' ? 4_000_000 : 100_000;
        await one.call('sender', 'c', options);
        await other.call('receiver', 'c', options);
        const counted = other.call('swallow', 'c');
        counted.catch(() => {}); // where both fail, the first tells
        await one.call('pour', 'c', 'x'.repeat(40), count);
        equal(await counted, count);
      }),
  },
  {
    name: 'what was sent before the receiver opened is there when it does',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        await one.call('sender', 'early', NAMED);
        await one.call('send', 'early', 'first');
        await one.call('send', 'early', 'second');
        await one.call('closeSender', 'early');
        await other.call('receiver', 'early', NAMED);
        deepEqual(await other.call('receiveAll', 'early'), ['first', 'second']);
      }),
  },
  {
    name: 'a full channel takes exactly what its capacity says, in any thread',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        await worker.call('sender', 'theirs', NAMED);
        equal(await worker.call('fill', 'theirs', LINE), 16, 'in a worker');
        const sender = channel(space, 'ours', SMALL).sender();
        let count = 0;
        while (sender.trySend(LINE)) count++;
        equal(count, 16, 'here');
      }),
  },
  {
    name: 'a full channel takes more when its far receiver has released',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        await worker.call('receiver', 'c', NAMED);
        const sender = channel(space, 'c', SMALL).sender();
        while (sender.trySend(LINE));
        let settled = false;
        const waiting = sender.send('last').then(() => {
          settled = true;
        });
        equal(await worker.call('receive', 'c'), LINE);
        await within(waiting, 5000, 'the send that waited');
        ok(settled);
        for (let i = 0; i < 15; i++) equal(await worker.call('receive', 'c'), LINE);
        equal(await worker.call('receive', 'c'), 'last');
      }),
  },
  {
    name: 'sends that wait keep their order, and nothing overtakes them',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        while (sender.trySend(LINE));
        const sends = ['a', 'b', 'c'].map((value) => sender.send(value));
        equal(await receiver.receive(), LINE);
        equal(sender.trySend('overtaker'), false);
        const rest = [];
        for (let i = 0; i < 18; i++) rest.push(await receiver.receive());
        await Promise.all(sends);
        deepEqual(rest.slice(-3), ['a', 'b', 'c']);
      }),
  },
  {
    name: 'overflow "fail" rejects a send with "full" instead of waiting',
    run: (env) =>
      withEnds(
        env,
        async ({ sender, receiver }) => {
          while (sender.trySend(LINE));
          await rejects(sender.send('more'), 'full');
          equal(await receiver.receive(), LINE);
          await sender.send('more');
        },
        { ...SMALL, overflow: 'fail' },
      ),
  },
  {
    name: 'a send that times out or is aborted is not sent, and loses nothing',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        while (sender.trySend(LINE));
        await rejects(sender.send('late', { timeout: 10 }), 'timeout');
        const abort = new AbortController();
        const reason = new Error('changed my mind');
        const aborted = sender.send('aborted', { signal: abort.signal });
        abort.abort(reason);
        await rejects(aborted, (error) => error === reason);
        await rejects(
          sender.send('too late', { signal: abort.signal }),
          (error) => error === reason,
        );
        const last = sender.send('last');
        const all = [];
        for (let i = 0; i < 17; i++) all.push(await receiver.receive());
        await last;
        equal(all[15], LINE);
        equal(all[16], 'last');
        equal(receiver.tryReceive(), undefined);
      }),
  },
  {
    name: 'a receive that times out or is aborted takes nothing',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        await worker.call('sender', 'c', NAMED);
        const receiver = channel(space, 'c', SMALL).receiver();
        await rejects(receiver.receive({ timeout: 10 }), 'timeout');
        await rejects(receiver.ready({ timeout: 0 }), 'timeout');
        const abort = new AbortController();
        const aborted = receiver.receive({ signal: abort.signal });
        abort.abort();
        await rejects(aborted, (error) => error === abort.signal.reason);
        const next = receiver.receive();
        await worker.call('send', 'c', 'kept');
        equal(await within(next, 5000, 'the receive after those given up'), 'kept');
      }),
  },
  {
    name: 'receives that wait are served in order',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        await worker.call('sender', 'c', NAMED);
        const receiver = channel(space, 'c', SMALL).receiver();
        const waiting = [receiver.receive(), receiver.receive(), receiver.receive()];
        await worker.call('sendMany', 'c', ['1', '2', '3']);
        deepEqual(await Promise.all(waiting), ['1', '2', '3']);
      }),
  },
  {
    name: 'a claim is written in place, shortened, or given up',
    run: (env) =>
      withEnds(
        env,
        async ({ sender, receiver }) => {
          const claim = sender.claim(100);
          ok(claim);
          equal(claim.length, 100);
          claim.memory.fill(0xff, claim.offset, claim.offset + 100);
          claim.abort();
          const again = sender.claim(100);
          equal(again, claim, 'the claim is the same object each time');
          ok(again);
          again.memory.fill(7, again.offset, again.offset + 100);
          throws(() => sender.claim(1), 'mismatch', 'a second claim');
          throws(() => sender.trySend(new Uint8Array(1)), 'mismatch', 'a send beside a claim');
          throws(() => again.commit(101), 'mismatch', 'a commit of more than was claimed');
          throws(() => again.commit(), 'mismatch', 'a commit without a claim');
          for (const wrong of [NaN, 1.5, 1e300]) {
            const claim = sender.claim(3);
            throws(() => claim?.commit(wrong), 'mismatch', `a commit of ${wrong} bytes`);
          }
          const third = sender.claim(3);
          ok(third);
          third.memory.set([1, 2, 3], third.offset);
          third.commit(2);
          deepEqual(await receiver.receive(), Uint8Array.of(1, 2));
          equal(receiver.tryReceive(), undefined);
        },
        { kind: 'spsc', capacity: 1024, codec: bytes },
      ),
  },
  {
    name: 'sendMany sends all in order, waits for room, and ends its iterator when it fails',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        let ended = false;
        function* values() {
          try {
            for (let i = 0; ; i++) yield i < 100 ? `value ${i}` : /** @type {any} */ (5);
          } finally {
            ended = true;
          }
        }
        const sending = rejects(sender.sendMany(values()), (error) => error instanceof TypeError);
        for (let i = 0; i < 100; i++) equal(await receiver.receive(), `value ${i}`);
        await sending;
        ok(ended, 'the iterator was ended');
        equal(await sender.sendMany(['a', 'b']), 2);
        equal(await receiver.receive(), 'a');
        await rejects(sender.sendMany(['c'], { signal: AbortSignal.abort(new Error('no')) }), /no/);
        equal(await receiver.receive(), 'b');
      }),
  },
  {
    name: 'ready() waits for room, and a claim then has it',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        while (sender.trySend(LINE));
        equal(sender.claim(56), undefined);
        await rejects(sender.ready(56, { timeout: 5 }), 'timeout');
        const ready = sender.ready(56);
        equal(await receiver.receive(), LINE);
        await within(ready, 5000, 'ready()');
        const claim = sender.claim(56);
        ok(claim);
        claim.commit(0);
      }),
  },
  {
    name: 'drain shows records in place, up to its limit, across the end of the buffer',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        /** @type {string[]} */
        const seen = [];
        /** @type {(memory: Uint8Array, offset: number, length: number, type: number) => void} */
        const use = (memory, offset, length) => {
          seen.push(String.fromCharCode(...memory.slice(offset, offset + length)));
        };
        let sent = 0;
        for (let lap = 0; lap < 40; lap++) {
          while (sender.trySend(`record ${sent}`)) sent++;
          equal(receiver.drain(use, 5), 5);
        }
        receiver.drain(use);
        equal(receiver.drain(use), 0);
        deepEqual(
          seen,
          Array.from({ length: sent }, (_, i) => `record ${i}`),
        );
      }),
  },
  {
    name: 'a drain whose callback throws keeps what the callback has not seen',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        for (let i = 0; i < 10; i++) sender.trySend(String(i));
        let count = 0;
        throws(
          () =>
            receiver.drain(() => {
              if (++count === 4) throw new Error('enough');
            }),
          /enough/,
        );
        throws(() => receiver.drain(() => receiver.tryReceive()), 'mismatch', 'a read in a drain');
        equal(await receiver.receive(), '5');
      }),
  },
  {
    name: 'a claim takes an eighth of the capacity, one byte more is "too-large", and the channel goes on',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        throws(() => sender.claim(129), 'too-large');
        await rejects(sender.ready(129), 'too-large');
        const claim = sender.claim(128);
        ok(claim);
        claim.memory.fill(120, claim.offset, claim.offset + 128);
        claim.commit();
        await sender.send('after');
        equal(await receiver.receive(), 'x'.repeat(128));
        equal(await receiver.receive(), 'after');
      }),
  },
  {
    name: 'null in place of a time limit is none',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        const none = /** @type {any} */ (null);
        const waiting = receiver.receive(none);
        await sender.send('x', none);
        equal(await within(waiting, 5000, 'the record'), 'x');
      }),
  },
  {
    name: 'an empty record is a record',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        await sender.send('');
        equal(await receiver.ready(), true);
        equal(await receiver.receive(), '');
      }),
  },
  {
    name: 'a second sender or receiver in this thread is a "mismatch"',
    run: (env) =>
      withEnds(env, async ({ channel: both }) => {
        throws(() => both.sender(), 'mismatch');
        throws(() => both.receiver(), 'mismatch');
      }),
  },
  {
    name: 'a second sender in another thread is a "mismatch", at once or at its first use',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const receiver = channel(space, 'c', SMALL).receiver();
        await one.call('sender', 'c', NAMED);
        await one.call('send', 'c', 'from the first');
        await rejects(
          other.call('sender', 'c', NAMED).then(() => other.call('send', 'c', 'from the second')),
          'mismatch',
        );
        await one.call('send', 'c', 'from the first again');
        equal(await receiver.receive(), 'from the first');
        equal(await receiver.receive(), 'from the first again');
        equal(receiver.tryReceive(), undefined);
      }),
  },
  {
    name: 'a name opened with another capacity or codec is a "mismatch" that names both',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        channel(space, 'c', SMALL).sender();
        const error = throws(() => channel(space, 'c', { ...SMALL, capacity: 2048 }), 'mismatch');
        ok(/1024/.test(error.message) && /2048/.test(error.message), error.message);
        throws(() => channel(space, 'c', { ...SMALL, codec: json() }), 'mismatch');
        for (const other of [{ capacity: 2048 }, { capacity: 1024, codec: 'json' }]) {
          const theirs = await rejects(
            worker.call('receiver', 'c', other).then(() => worker.call('receive', 'c')),
            'mismatch',
          );
          ok(/1024/.test(theirs.message), theirs.message);
        }
      }),
  },
  {
    name: 'after the sender closes, the receiver reads the rest and then the end',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const sender = channel(space, 'c', SMALL).sender();
        await worker.call('receiver', 'c', NAMED);
        await sender.send('one');
        await sender.send('two');
        sender.close();
        sender.close();
        deepEqual(await worker.call('receiveAll', 'c'), ['one', 'two']);
        await rejects(worker.call('receive', 'c'), 'closed');
        await rejects(worker.call('tryReceive', 'c'), 'closed');
        await rejects(sender.send('three'), 'closed');
        throws(() => sender.trySend('three'), 'closed');
        throws(() => sender.claim(1), 'closed');
      }),
  },
  {
    name: 'a channel that is closed while it is full is read to its end',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const sender = channel(space, 'c', SMALL).sender();
        await worker.call('receiver', 'c', NAMED);
        while (sender.trySend(LINE));
        sender.close();
        equal((await worker.call('receiveAll', 'c')).length, 16);
      }),
  },
  {
    name: 'a receiver that waits learns that the far sender closed',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', SMALL).receiver();
        await worker.call('sender', 'c', NAMED);
        const waiting = rejects(within(receiver.receive(), 5000, 'the receive'), 'closed');
        const ready = receiver.ready();
        await worker.call('closeSender', 'c');
        await waiting;
        equal(await within(ready, 5000, 'ready()'), false);
        equal(receiver.close(), undefined);
      }),
  },
  {
    name: 'a sender that waits learns that the far receiver closed',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const sender = channel(space, 'c', SMALL).sender();
        await worker.call('receiver', 'c', NAMED);
        while (sender.trySend(LINE));
        const waiting = rejects(within(sender.send('more'), 5000, 'the send'), 'closed');
        await worker.call('closeReceiver', 'c');
        await waiting;
        throws(() => sender.trySend('x'), 'closed');
      }),
  },
  {
    name: 'a sender that closes for a reason tells its receiver, after all that it sent',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', SMALL).receiver();
        await worker.call('sender', 'c', NAMED);
        await worker.call('send', 'c', 'the last');
        await worker.call('closeSender', 'c', 'the source ran dry');
        /** @type {string[]} */
        const read = [];
        const error = await rejects(async () => {
          for await (const value of receiver) read.push(value);
        }, 'closed');
        deepEqual(read, ['the last']);
        match(error.message, /the source ran dry/);
        equal(/** @type {any} */ (error.cause).message, 'the source ran dry');
        await rejects(receiver.ready(), 'closed');
      }),
  },
  {
    name: 'closing an end rejects what waits on it in its own thread',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        const receiving = receiver.receive();
        receiver.close();
        await rejects(receiving, 'closed');
        await rejects(receiver.receive(), 'closed');
        throws(() => receiver.tryReceive(), 'closed');
        throws(() => receiver.drain(() => {}), 'closed');
        await rejects(sender.send('x'), 'closed');
      }),
  },
  {
    name: 'disposal closes',
    run: (env) =>
      withEnds(env, async ({ sender, receiver, space }) => {
        const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
        const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
        /** @type {any} */ (sender)[dispose]();
        await rejects(receiver.receive(), 'closed');
        /** @type {any} */ (receiver)[dispose]();
        await /** @type {any} */ (space)[asyncDispose]();
        throws(() => channel(space, 'd', SMALL), 'closed');
      }),
  },
  {
    name: 'an iteration can be left and taken up again',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        await sender.sendMany(['1', '2', '3']);
        sender.close();
        for await (const value of receiver) {
          equal(value, '1');
          break;
        }
        const rest = [];
        for await (const value of receiver) rest.push(value);
        deepEqual(rest, ['2', '3']);
      }),
  },
  {
    name: 'an iteration that never waits still gives the event loop its turns',
    run: (env) =>
      withEnds(
        env,
        async ({ sender, receiver }) => {
          let timer = false;
          setTimeout(() => {
            timer = true;
            sender.close();
          });
          sender.trySend('0');
          let count = 0;
          for await (const value of receiver) {
            count += value.length;
            if (!timer) sender.trySend('0');
          }
          ok(timer, 'the timer ran');
          ok(count > 0);
        },
        { ...SMALL, capacity: 65536 },
      ),
  },
  {
    name: 'a channel is a pair of streams',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        const values = Array.from({ length: 200 }, (_, i) => `value ${i}`);
        const writer = sender.writable.getWriter();
        const writing = (async () => {
          for (const value of values) await writer.write(value);
          await writer.close();
        })();
        const read = [];
        const reader = receiver.readable.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read()) {
          read.push(step.value);
        }
        await writing;
        deepEqual(read, values);
      }),
  },
  {
    name: 'text keeps every character, and a lone surrogate becomes U+FFFD',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        const values = [
          '',
          'plain',
          'Größe',
          '日本語',
          '👩‍🚀',
          'a\u0000b',
          'é'.repeat(60),
          '\ufeffbom',
        ];
        for (const value of values) {
          await sender.send(value);
          equal(await receiver.receive(), value);
        }
        await sender.send('\ud800!');
        equal(await receiver.receive(), '\ufffd!');
      }),
  },
  {
    name: 'json carries values, and a codec of the user carries its own',
    run: async (env) => {
      await withEnds(
        env,
        async ({ sender, receiver }) => {
          const value = { a: [1, 2, { b: 'ü' }], c: null };
          await sender.send(value);
          deepEqual(await receiver.receive(), value);
        },
        { ...SMALL, codec: json() },
      );
      const codec = {
        id: 'u16',
        size: () => 2,
        /** @param {number} value @param {Uint8Array} into @param {number} offset */
        encode(value, into, offset) {
          into[offset] = value & 255;
          into[offset + 1] = value >> 8;
          return 2;
        },
        /** @param {Uint8Array} from @param {number} offset */
        decode: (from, offset) => from[offset] | (from[offset + 1] << 8),
      };
      await withEnds(
        env,
        async ({ sender, receiver }) => {
          await sender.send(0xbeef);
          equal(await receiver.receive(), 0xbeef);
        },
        { ...SMALL, codec },
      );
    },
  },
  {
    name: 'a value that its codec cannot carry fails that send only',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        await rejects(sender.send(/** @type {any} */ (5)), (error) => error instanceof TypeError);
        throws(
          () => sender.trySend(/** @type {any} */ (null)),
          (error) => error instanceof TypeError,
        );
        await sender.send('fine');
        equal(await receiver.receive(), 'fine');
      }),
  },
  {
    name: 'an encoder that throws leaves no trace in the channel',
    run: (env) => {
      const codec = {
        ...text,
        id: 'picky',
        /** @param {string} value @param {Uint8Array} into @param {number} offset */
        encode(value, into, offset) {
          const written = text.encode(value, into, offset);
          if (value === 'bad') throw new Error('unwanted');
          return written;
        },
      };
      return withEnds(
        env,
        async ({ sender, receiver }) => {
          for (let lap = 0; lap < 100; lap++) {
            throws(() => sender.trySend('bad'), /unwanted/);
            await sender.send(`${lap}`);
            equal(await receiver.receive(), `${lap}`);
          }
        },
        { ...SMALL, codec },
      );
    },
  },
  {
    name: 'options of a channel that make no sense are a TypeError',
    run: async (env) => {
      const space = await create(env.options);
      /** @param {any} options @param {any} [name] */
      const open = (options, name = 'x') => channel(space, name, options);
      /** @param {unknown} error */
      const typeError = (error) => error instanceof TypeError;
      for (const capacity of [0, -1, 63, 100, 1.5, 2 ** 31, NaN, '1024']) {
        throws(() => open({ kind: 'spsc', capacity }), typeError, `capacity ${capacity}`);
      }
      throws(() => open({ kind: 'spsc', overflow: 'drop' }), typeError);
      throws(() => open({ kind: 'spsc', codec: {} }), typeError);
      throws(() => open({ kind: 'many' }), typeError);
      throws(() => open({ kind: 'spsc' }, ''), typeError);
      throws(() => open({ kind: 'spsc' }, 7), typeError);
      throws(() => open({ kind: 'spsc' }, 'é'.repeat(51)), 'too-large');
      throws(() => channel(/** @type {any} */ ({}), 'x', { kind: 'spsc' }), typeError);
      const one = open({ kind: 'spsc' });
      const receiver = one.receiver();
      await rejects(receiver.receive({ timeout: -1 }), typeError);
      const sender = one.sender();
      await rejects(sender.send(Uint8Array.of(1), { timeout: NaN }), typeError);
      await rejects(sender.ready(1, { timeout: NaN }), typeError);
      await sender.send(Uint8Array.of(2));
      throws(() => receiver.drain(/** @type {any} */ ('not a function')), typeError);
      for (const wrong of [NaN, -1, 'all']) {
        throws(() => receiver.drain(() => {}, /** @type {any} */ (wrong)), typeError);
      }
      equal(
        receiver.drain(() => {}, 0),
        0,
      );
      deepEqual([...(await receiver.receive())], [2]);
      await space.close();
    },
  },
  {
    name: 'in a worker the blocking forms move records, and time out',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        await one.call('sender', 'c', NAMED);
        await other.call('receiver', 'c', NAMED);
        await rejects(other.call('receiveSync', 'c', { timeout: 20 }), 'timeout');
        equal(await one.call('fill', 'c', LINE), 16);
        await rejects(one.call('sendSync', 'c', LINE, { timeout: 20 }), 'timeout');
        const blocked = one.call('sendSync', 'c', 'last');
        const all = other.call('receiveAllSync', 'c');
        await blocked;
        await one.call('closeSender', 'c');
        const received = await all;
        equal(received.length, 17);
        equal(received[16], 'last');
        await rejects(other.call('receiveSync', 'c'), 'closed');
      }),
  },
  {
    name: 'a blocked receiver wakes when a record comes',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        await worker.call('receiver', 'c', NAMED);
        const sender = channel(space, 'c', SMALL).sender();
        for (let i = 0; i < 50; i++) {
          const blocked = worker.call('receiveSync', 'c', { timeout: 10_000 });
          await sender.send(`wake ${i}`);
          equal(await blocked, `wake ${i}`);
        }
      }),
  },
  {
    name: 'an engine without Atomics.waitAsync is told of records all the same',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const atomics = /** @type {any} */ (Atomics);
        const { waitAsync } = atomics;
        atomics.waitAsync = undefined;
        try {
          const receiver = channel(space, 'c', SMALL).receiver();
          await worker.call('sender', 'c', NAMED);
          const waiting = receiver.receive();
          await worker.call('send', 'c', 'seen');
          equal(await within(waiting, 5000, 'the receive'), 'seen');
        } finally {
          atomics.waitAsync = waitAsync;
        }
      }),
  },
  {
    name: 'without shared memory the blocking forms are "not-isolated"',
    where: ({ transport }) => transport === 'message',
    run: (env) =>
      withAgents(env, 1, async (_, worker) => {
        await worker.call('sender', 'c', NAMED);
        await worker.call('receiver', 'd', NAMED);
        await rejects(worker.call('sendSync', 'c', 'x'), 'not-isolated');
        await rejects(worker.call('receiveSync', 'd'), 'not-isolated');
      }),
  },
  {
    name: 'on a page the blocking forms are "wrong-thread"',
    where: ({ engine }) => engine !== 'node',
    run: (env) =>
      withEnds(env, async ({ sender, receiver }) => {
        throws(() => receiver.receiveSync(), 'wrong-thread');
        throws(() => sender.sendSync('x'), 'wrong-thread');
        throws(() => receiver.readySync(), 'wrong-thread');
        throws(() => sender.readySync(1), 'wrong-thread');
        await sender.send('still usable');
        equal(await receiver.receive(), 'still usable');
      }),
  },
  {
    name: 'when the sending worker dies, the receiver reads what was committed, then "peer-lost"',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', SMALL).receiver();
        await worker.call('sender', 'c', NAMED);
        await worker.call('send', 'c', 'committed');
        await worker.call('claimWithoutCommit', 'c', 64);
        const dead = worker.peer.terminate();
        equal(await receiver.receive(), 'committed');
        const error = await rejects(within(receiver.receive(), 10_000, 'the receive'), 'peer-lost');
        ok(error instanceof SluiceError);
        await dead;
      }),
  },
  {
    name: 'when the receiving worker dies, a sender that waits gets "peer-lost"',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const sender = channel(space, 'c', SMALL).sender();
        await worker.call('receiver', 'c', NAMED);
        while (sender.trySend(LINE));
        const waiting = rejects(within(sender.send('more'), 10_000, 'the send'), 'peer-lost');
        worker.peer.terminate();
        await waiting;
        await rejects(sender.send('more'), 'peer-lost');
      }),
  },
  {
    name: 'when one worker dies, another at the far end gets "peer-lost"',
    run: (env) =>
      withAgents(env, 2, async (_, one, other) => {
        await one.call('sender', 'c', NAMED);
        await other.call('receiver', 'c', NAMED);
        await one.call('send', 'c', 'committed');
        equal(await other.call('receive', 'c'), 'committed');
        const waiting = rejects(
          within(other.call('receive', 'c'), 10_000, 'the receive'),
          'peer-lost',
        );
        one.peer.terminate();
        await waiting;
      }),
  },
  {
    name: 'statistics count what went through',
    run: (env) =>
      withEnds(env, async ({ sender, receiver, space, channel: both }) => {
        while (sender.trySend(LINE));
        await receiver.receive();
        const stats = both.stats();
        equal(stats.sent, 16);
        equal(stats.received, 1);
        equal(stats.refused, 1);
        equal(stats.used, 15 * 64);
        equal(stats.capacity, 1024);
        deepEqual(space.stats().channels.c, stats);
      }),
  },
];
