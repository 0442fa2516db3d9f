// Channels with several senders or receivers: who gets what, when each end closes or dies. The same
// cases on both transports.
import { withAgents } from './agent.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { channel, create, text } from './sdk.js';

/** @typedef {'mpsc' | 'mpmc' | 'broadcast'} Many */

/** @param {Many | 'spsc'} kind @param {number} [capacity] @returns {import('sluice').ChannelOptions<string>} */
const here = (kind, capacity = 1024) => ({ kind, capacity, codec: text });
/** The same for an agent, whose codec is "text". @param {Many | 'spsc'} kind */
const there = (kind, capacity = 1024) => ({ kind, capacity });

/** @type {Many[]} */
const MANY = ['mpsc', 'mpmc'];
const LONG = 10_000;

/** @param {string} by @param {number} count */
const numbered = (by, count) => Array.from({ length: count }, (_, i) => `${by} ${i}`);

/** Those of `all` that `by` sent. @param {string[]} all @param {string} by */
const of = (all, by) => all.filter((value) => value.startsWith(`${by} `));

/**
 * Waits for a condition that another thread brings about.
 *
 * @param {() => boolean | Promise<boolean>} condition
 * @param {string} what
 */
async function until(condition, what) {
  const wait = (async () => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve));
  })();
  await within(wait, LONG, what);
}

/**
 * @param {import('./env.js').Env} env
 * @param {(space: import('sluice').Space) => Promise<void>} use
 */
async function withSpace(env, use) {
  const space = await create(env.options);
  try {
    await use(space);
  } finally {
    await space.close();
  }
}

/**
 * Two receivers: this thread's of the channel `kind`, and another's of "afar".
 *
 * @param {import('sluice').Receiver<string>} receiver
 * @param {string} kind
 * @param {import('./agent.js').Agent} reader
 * @returns {[string, () => Promise<string>][]}
 */
const receives = (receiver, kind, reader) => [
  [kind, () => receiver.receive()],
  ['afar', () => reader.call('receive', 'afar')],
];

/** As soon as this thread has heard that another took the dead one's place. @template T @param {() => Promise<T>} act */
async function again(act) {
  /** @type {T | undefined} */
  let value;
  await until(async () => {
    try {
      value = await act();
      return true;
    } catch (error) {
      equal(/** @type {any} */ (error).code, 'peer-lost');
      return false;
    }
  }, 'another in its place');
  return value;
}

/** @type {import('./env.js').Case[]} */
const senders = MANY.flatMap((kind) => [
  {
    name: `${kind}: three threads send, and each record comes once, in its sender's order`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const count = 3000;
        const receiver = channel(space, 'c', here(kind)).receiver();
        await one.call('sender', 'c', there(kind));
        await other.call('sender', 'c', there(kind));
        const own = channel(space, 'c', here(kind)).sender();
        await one.call('startSending', 'c', numbered('one', count));
        await other.call('startSending', 'c', numbered('other', count));
        const sending = (async () => {
          for (const value of numbered('own', count)) await own.send(value);
          own.close();
        })();
        const all = [];
        for await (const value of receiver) all.push(value);
        await sending;
        equal(all.length, 3 * count);
        for (const by of ['one', 'other', 'own']) deepEqual(of(all, by), numbered(by, count));
      }),
  },
  {
    name: `${kind}: several senders of one thread send, and close one by one`,
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here(kind));
        const receiver = both.receiver();
        const [one, other] = [both.sender(), both.sender()];
        await one.send('from one');
        await other.send('from the other');
        one.close();
        throws(() => one.trySend('late'), 'closed');
        await other.send('still open');
        const all = [await receiver.receive(), await receiver.receive(), await receiver.receive()];
        deepEqual(all.sort(), ['from one', 'from the other', 'still open']);
        await rejects(receiver.receive({ timeout: 20 }), 'timeout');
        other.close();
        await rejects(within(receiver.receive(), LONG, 'the end'), 'closed');
        throws(() => both.sender(), 'closed');
      }),
  },
  {
    name: `${kind}: the first reason that a sender gave is told when the last has closed`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const receiver = channel(space, 'c', here(kind)).receiver();
        await one.call('sender', 'c', there(kind));
        await other.call('sender', 'c', there(kind));
        await one.call('send', 'c', 'one');
        await one.call('closeSender', 'c', 'the source ran dry');
        equal(await receiver.receive(), 'one');
        await other.call('send', 'c', 'other');
        equal(await receiver.receive(), 'other');
        await other.call('closeSender', 'c');
        const error = await rejects(within(receiver.receive(), LONG, 'the end'), 'closed');
        match(error.message, /the source ran dry/);
        equal(/** @type {any} */ (error.cause).message, 'the source ran dry');
      }),
  },
  {
    name: `${kind}: the reason of one of a thread's senders is told when its others have closed`,
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here(kind));
        const receiver = both.receiver();
        const senders = [both.sender(), both.sender(), both.sender()];
        senders[0].close();
        senders[1].close(new Error('the source ran dry'));
        senders[2].close();
        const error = await rejects(within(receiver.receive(), LONG, 'the end'), 'closed');
        equal(/** @type {any} */ (error.cause)?.message, 'the source ran dry');
      }),
  },
  {
    name: `${kind}: a sender that outlived the only receiver and closed is the end for the next one`,
    run: (env) =>
      withAgents(env, 1, async (space, one) => {
        const both = channel(space, 'c', here(kind));
        const sender = both.sender();
        await one.call('receiver', 'c', there(kind));
        await sender.sendMany(['first', 'second']);
        equal(await one.call('receive', 'c'), 'first');
        await one.peer.terminate();
        await rejects(within(sendUntilRefused(sender), LONG, 'the death'), 'peer-lost');
        sender.close();
        const next = both.receiver();
        const rest = async () => {
          while (await next.ready()) next.drain(() => {});
        };
        await within(rest(), LONG, 'the end');
      }),
  },
  {
    name: `${kind}: when one of two senders dies, what it committed is read and the other goes on`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const receiver = channel(space, 'c', here(kind)).receiver();
        await one.call('sender', 'c', there(kind));
        await other.call('sender', 'c', there(kind));
        await one.call('send', 'c', 'committed');
        await one.call('claimWithoutCommit', 'c', 64);
        await one.peer.terminate();
        await other.call('send', 'c', 'after');
        equal(await within(receiver.receive(), LONG, 'the first'), 'committed');
        equal(await within(receiver.receive(), LONG, 'the second'), 'after');
        other.peer.worker.terminate();
        await rejects(within(receiver.receive(), LONG, 'the end'), 'peer-lost');
      }),
  },
  {
    name: `${kind}: a sender that comes after the last one died takes its place`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        await one.call('sender', 'c', there(kind));
        await one.call('send', 'c', 'first');
        await one.peer.terminate();
        await other.call('sender', 'c', there(kind));
        await other.call('send', 'c', 'second');
        await other.call('closeSender', 'c');
        const all = [];
        for await (const value of channel(space, 'c', here(kind)).receiver()) all.push(value);
        deepEqual(all, ['first', 'second']);
      }),
  },
  {
    name: `${kind}: a receiver that was told of its last sender's death goes on with the next sender`,
    run: (env) =>
      withAgents(env, 3, async (space, one, other, reader) => {
        const receiver = channel(space, kind, here(kind)).receiver();
        await reader.call('receiver', 'afar', there(kind));
        for (const [name, receive] of receives(receiver, kind, reader)) {
          await one.call('sender', name, there(kind));
          await one.call('send', name, 'first');
          equal(await receive(), 'first');
        }
        const waiting = rejects(within(receiver.receive(), LONG, 'the death'), 'peer-lost');
        await one.peer.terminate();
        await waiting;
        for (const [name, receive] of receives(receiver, kind, reader)) {
          for (const _ of [1, 2]) await rejects(within(receive(), LONG, name), 'peer-lost');
          await other.call('sender', name, there(kind));
          await other.call('send', name, 'second');
          equal(await again(receive), 'second');
          await other.call('closeSender', name);
          await rejects(within(receive(), LONG, `${name}, the end`), 'closed');
        }
      }),
  },
  {
    name: `${kind}: a sender that comes before what the dead ones sent is read goes on behind it`,
    run: (env) =>
      withAgents(env, 3, async (space, one, other, next) => {
        const receiver = channel(space, 'c', here(kind)).receiver();
        // Over messages more than the receiver's own ring has room for.
        const count = env.transport === 'shared' ? 4 : 9;
        const long = 'x'.repeat(100);
        for (const agent of [one, other]) {
          await agent.call('sender', 'c', there(kind));
          for (let i = 0; i < count; i++) await agent.call('send', 'c', long);
        }
        for (const agent of [one, other]) await agent.peer.terminate();
        await next.call('sender', 'c', there(kind));
        await next.call('send', 'c', 'behind it');
        for (let i = 0; i < 2 * count; i++) {
          equal(await within(receiver.receive(), LONG, `record ${i}`), long);
        }
        equal(await within(receiver.receive(), LONG, 'what is behind it'), 'behind it');
        const waiting = receiver.receive();
        await next.call('send', 'c', 'last');
        equal(await within(waiting, LONG, 'the last record'), 'last');
      }),
  },
  {
    name: `${kind}: a sender that was told of its last receiver's death goes on with the next receiver`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const both = channel(space, 'c', here(kind));
        const sender = both.sender();
        await one.call('receiver', 'c', there(kind));
        await sender.send('first');
        equal(await one.call('receive', 'c'), 'first');
        await one.peer.terminate();
        await rejects(within(sendUntilRefused(sender), LONG, 'the death'), 'peer-lost');
        await rejects(sender.send('refused'), 'peer-lost');
        await other.call('receiver', 'c', there(kind));
        await again(() => sender.send('last'));
        sender.close();
        const all = [];
        for (let value = ''; value !== 'last'; all.push(value)) {
          value = await within(other.call('receive', 'c'), LONG, 'what is there');
        }
        ok(!all.includes('refused'), 'what was refused was not sent');
        await rejects(within(other.call('receive', 'c'), LONG, 'the end'), 'closed');
      }),
  },
  {
    name: `${kind}: a receiver that waits while the channel is full in three threads gets it all`,
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const options = there(kind, 256);
        await one.call('sender', 'c', options);
        await other.call('sender', 'c', options);
        const receiver = channel(space, 'c', here(kind, 256)).receiver();
        await one.call('startSending', 'c', numbered('one', 500));
        await other.call('startSending', 'c', numbered('other', 500));
        let count = 0;
        /** @type {string[]} */
        const all = [];
        while (await receiver.ready({ timeout: LONG })) {
          count += receiver.drain((memory, offset, length) => {
            all.push(text.decode(memory, offset, length));
          }, 3);
        }
        equal(count, 1000);
        for (const by of ['one', 'other']) deepEqual(of(all, by), numbered(by, 500));
      }),
  },
]);

/** @type {import('./env.js').Case[]} */
const receivers = [
  {
    name: 'mpmc is the kind of a channel that is not given one',
    run: (env) =>
      withSpace(env, async (space) => {
        const plain = channel(space, 'c', { codec: text });
        const [one, other] = [plain.sender(), plain.sender()];
        const [reader, second] = [plain.receiver(), plain.receiver()];
        await one.send('a');
        equal(await reader.receive(), 'a');
        await other.send('b');
        equal(await second.receive(), 'b');
        throws(() => channel(space, 'c', { kind: 'spsc', codec: text }), 'mismatch');
      }),
  },
  {
    name: 'mpmc: records go to three threads, each to exactly one, in each sender’s order',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const count = 3000;
        for (const agent of [one, other]) {
          await agent.call('receiver', 'c', there('mpmc'));
          await agent.call('sender', 'c', there('mpmc'));
        }
        const own = channel(space, 'c', here('mpmc')).receiver();
        const theirs = [one.call('receiveAll', 'c'), other.call('receiveAll', 'c')];
        await one.call('startSending', 'c', numbered('one', count));
        await other.call('startSending', 'c', numbered('other', count));
        const all = [];
        for await (const value of own) all.push(value);
        const parts = [all, ...(await Promise.all(theirs))];
        for (const by of ['one', 'other']) {
          for (const part of parts) {
            const numbers = of(part, by).map((value) => Number(value.split(' ')[1]));
            ok(
              numbers.every((number, i) => i === 0 || number > numbers[i - 1]),
              `${by} in order`,
            );
          }
          deepEqual(of(parts.flat(), by).sort(), numbered(by, count).sort(), `all of ${by}`);
        }
      }),
  },
  {
    name: 'mpmc: a receiver that waits gets the record though another is idle, or only looked once',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        for (let i = 0; i < 20; i++) {
          if (i > 0) equal(await one.call('tryReceive', 'c'), undefined, `look ${i}`);
          const waiting = other.call('receive', 'c');
          await sender.send(`${i}`);
          equal(await within(waiting, LONG, `receive ${i}`), `${i}`);
        }
      }),
  },
  {
    name: 'mpmc: what a receiver looked for, and never came back for, goes to one that waits later',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        for (let i = 0; i < 20; i++) {
          equal(await one.call('tryReceive', 'c'), undefined);
          await sender.send(`${i}`);
          equal(await within(other.call('receive', 'c'), LONG, `receive ${i}`), `${i}`);
        }
      }),
  },
  {
    name: 'mpmc: a receive that timed out holds no record back, and takes no wake-up away',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        for (let i = 0; i < 20; i++) {
          await rejects(one.call('receive', 'c', { timeout: 1 }), 'timeout');
          const waiting = other.call('receive', 'c');
          await sender.send(`${i}`);
          equal(await within(waiting, LONG, `receive ${i}`), `${i}`);
        }
      }),
  },
  {
    name: 'mpmc: what a receiver looked for in vain is there when it comes back after the end',
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here('mpmc'));
        const [sender, receiver] = [both.sender(), both.receiver()];
        equal(receiver.tryReceive(), undefined);
        await sender.send('last');
        sender.close();
        await new Promise((resolve) => setTimeout(resolve));
        equal(receiver.tryReceive(), 'last');
        await rejects(receiver.receive(), 'closed');
      }),
  },
  {
    name: 'mpmc: a receiver that closed while it waited takes no wake-up away',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await other.call('receiver', 'c', there('mpmc'));
        for (let i = 0; i < 20; i++) {
          await one.call('receiver', 'c', there('mpmc'));
          const given = rejects(one.call('receive', 'c'), 'closed');
          const waiting = other.call('receive', 'c');
          await one.call('closeReceiver', 'c');
          await given;
          await sender.send(`${i}`);
          equal(await within(waiting, LONG, `receive ${i}`), `${i}`);
        }
      }),
  },
  {
    name: 'mpmc: what a receiver leaves unread when it closes goes to the others',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        await sender.sendMany(numbered('own', 10));
        equal(await one.call('receive', 'c'), 'own 0');
        equal(await one.call('ready', 'c'), true);
        await one.call('closeReceiver', 'c');
        sender.close();
        const rest = await within(other.call('receiveAll', 'c'), LONG, 'the rest');
        deepEqual(rest.sort(), numbered('own', 10).slice(1));
      }),
  },
  {
    name: 'mpmc: when one of two receivers dies, the other reads on and senders are not told',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const both = channel(space, 'c', here('mpmc'));
        const sender = both.sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        await sender.send('to the first');
        equal(await one.call('receive', 'c'), 'to the first');
        one.call('receive', 'c').catch(() => {});
        await one.peer.terminate();
        for (let i = 0; i < 50; i++) {
          const waiting = other.call('receive', 'c');
          await sender.send(`${i}`);
          equal(await within(waiting, LONG, `receive ${i}`), `${i}`);
        }
      }),
  },
  {
    name: 'when the last receiver of many dies, senders get "peer-lost"; when it closes, "closed"',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        for (const kind of MANY) {
          const sender = channel(space, kind, here(kind)).sender();
          await other.call('receiver', kind, there(kind));
          await sender.send('x');
          await other.call('closeReceiver', kind);
          await rejects(within(sendUntilRefused(sender), LONG, kind), 'closed');
        }
        const sender = channel(space, 'c', here('mpsc')).sender();
        await one.call('receiver', 'c', there('mpsc'));
        while (sender.trySend('x'.repeat(56)));
        const waiting = rejects(within(sender.send('x'), LONG, 'the send'), 'peer-lost');
        one.peer.terminate();
        await waiting;
      }),
  },
  {
    name: 'what was read to the end is counted as received, and not as lost when its reader dies',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        for (const kind of /** @type {const} */ (['spsc', ...MANY])) {
          const both = channel(space, kind, here(kind));
          const sender = both.sender();
          await worker.call('receiver', kind, there(kind));
          const all = worker.call('receiveAll', kind);
          await sender.sendMany(numbered('own', 100));
          sender.close();
          equal((await within(all, LONG, 'all')).length, 100);
          await until(() => both.stats().received === 100, `${kind}: ${both.stats().received}`);
          equal(both.stats().used, 0, kind);
        }
        await worker.peer.terminate();
        for (const kind of /** @type {const} */ (['spsc', ...MANY])) {
          equal(space.stats().channels[kind].lostWithReceiver, 0, kind);
        }
      }),
  },
  {
    name: 'a claim that was given up keeps no send waiting',
    run: (env) =>
      withSpace(env, async (space) => {
        for (const kind of /** @type {const} */ (['spsc', ...MANY])) {
          const both = channel(space, kind, here(kind));
          const [sender, receiver] = [both.sender(), both.receiver()];
          // Some of them do not fit at the end of the ring, and leave a padding there.
          for (let i = 0; i < 60; i++) {
            sender.claim(100)?.abort();
            equal(await within(sender.sendMany([]), LONG, `${kind}: send ${i}`), 0);
            await sender.send('x'.repeat(i));
            equal(await receiver.receive(), 'x'.repeat(i));
          }
        }
      }),
  },
  {
    name: 'mpsc and spsc have one receiver: another is a "mismatch", here and elsewhere',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        for (const kind of /** @type {const} */ (['mpsc', 'spsc'])) {
          const both = channel(space, kind, here(kind));
          both.receiver();
          throws(() => both.receiver(), 'mismatch', kind);
          await rejects(
            worker.call('receiver', kind, there(kind)).then(() => worker.call('receive', kind)),
            'mismatch',
          );
        }
      }),
  },
  {
    name: 'a name opened as another kind is a "mismatch" that names both',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        channel(space, 'c', here('mpsc')).sender();
        for (const other of /** @type {const} */ (['spsc', 'mpmc', 'broadcast'])) {
          const own = throws(() => channel(space, 'c', here(other)), 'mismatch');
          const theirs = await rejects(
            worker.call('receiver', 'c', there(other)).then(() => worker.call('receive', 'c')),
            'mismatch',
          );
          for (const { message } of [own, theirs]) {
            ok(message.includes('mpsc') && message.includes(other), message);
          }
        }
      }),
  },
  {
    name: 'mpmc: workers that block share the records, and end',
    where: ({ transport }) => transport === 'shared',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const sender = channel(space, 'c', here('mpmc')).sender();
        await one.call('receiver', 'c', there('mpmc'));
        await other.call('receiver', 'c', there('mpmc'));
        await rejects(one.call('receiveSync', 'c', { timeout: 20 }), 'timeout');
        const parts = [one.call('takeAllSync', 'c'), other.call('takeAllSync', 'c')];
        for (const value of numbered('own', 2000)) await sender.send(value);
        sender.close();
        const all = (await within(Promise.all(parts), LONG, 'the readers')).flat();
        deepEqual(all.sort(), numbered('own', 2000).sort());
      }),
  },
  {
    name: 'a channel for many is a pair of streams, too',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', here('mpmc', 256)).receiver();
        await worker.call('sender', 'c', there('mpmc', 256));
        const piped = worker.call('writeAll', 'c', numbered('one', 200));
        const read = [];
        const reader = receiver.readable.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read()) {
          read.push(step.value);
        }
        await piped;
        deepEqual(read, numbered('one', 200));
      }),
  },
  {
    name: 'a stream that is aborted tells the receivers of many why',
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here('mpmc'));
        const receiver = both.receiver();
        const writer = both.sender().writable.getWriter();
        await writer.write('one');
        await writer.abort(new Error('gave up'));
        equal(await receiver.receive(), 'one');
        match((await rejects(receiver.receive(), 'closed')).message, /gave up/);
      }),
  },
  {
    name: 'statistics count what went through a channel for many',
    run: (env) =>
      withSpace(env, async (space) => {
        for (const kind of MANY) {
          const both = channel(space, kind, here(kind));
          const [one, other] = [both.sender(), both.sender()];
          const receiver = both.receiver();
          for (let i = 0; i < 4; i++) one.trySend('x'.repeat(56));
          for (let i = 0; i < 4; i++) other.trySend('x'.repeat(56));
          equal(typeof (await receiver.receive()), 'string');
          await until(() => both.stats().received === 1, 'the record was counted');
          const { sent, received, used, capacity } = both.stats();
          deepEqual(
            { sent, received, used, capacity },
            { sent: 8, received: 1, used: 448, capacity: 1024 },
          );
        }
      }),
  },
];

/** @param {import('sluice').Sender<string>} sender */
async function sendUntilRefused(sender) {
  for (;;) await sender.send('x');
}

/** @type {import('./env.js').Case[]} */
const broadcasts = [
  {
    name: 'broadcast: every receiver in every thread gets each record, in order',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        const both = channel(space, 'c', here('broadcast', 65536));
        const sender = both.sender();
        const own = [both.receiver(), both.receiver()];
        for (const agent of [one, other]) {
          await agent.call('receiver', 'c', there('broadcast', 65536));
          await agent.call('settled');
        }
        const values = numbered('own', 300);
        for (const value of values) await sender.send(value);
        sender.close();
        const theirs = [one.call('receiveAll', 'c'), other.call('receiveAll', 'c')];
        for (const receiver of own) {
          const all = [];
          for await (const value of receiver) all.push(value);
          deepEqual(all, values);
          equal(receiver.lost, 0);
        }
        for (const all of await Promise.all(theirs)) deepEqual(all, values);
      }),
  },
  {
    name: 'broadcast: a receiver gets what is sent after it opened',
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here('broadcast'));
        const sender = both.sender();
        await sender.send('before');
        const receiver = both.receiver();
        await sender.send('after');
        equal(await receiver.receive(), 'after');
        equal(receiver.tryReceive(), undefined);
      }),
  },
  {
    name: 'broadcast: the sender never waits, and a slow receiver learns how many it lost',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const both = channel(space, 'c', here('broadcast'));
        const sender = both.sender();
        const receiver = both.receiver();
        await worker.call('receiver', 'c', there('broadcast'));
        await worker.call('settled');
        const count = 3000;
        for (let i = 0; i < count; i++) ok(sender.trySend(`${i}`.padStart(56)), `record ${i}`);
        sender.close();
        const theirs = worker.call('receiveAll', 'c');
        /** @type {number[]} */
        const all = [];
        for await (const value of receiver) all.push(Number(value));
        ok(receiver.lost > 0, 'some were lost');
        equal(all.length + receiver.lost, count);
        ok(
          all.every((value, i) => i === 0 || value > all[i - 1]),
          'in order',
        );
        equal(all.at(-1), count - 1, 'the newest is there');
        ok(all.length >= 8, `half of what fits is there: ${all.length}`);
        const their = /** @type {string[]} */ (await theirs);
        equal(Number(their.at(-1)), count - 1);
        equal(their.length + (await worker.call('lost', 'c')), count);
      }),
  },
  {
    name: 'broadcast: one sender at a time, and one that died can be replaced',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const both = channel(space, 'c', here('broadcast'));
        await worker.call('sender', 'c', there('broadcast'));
        const receiver = both.receiver();
        await worker.call('send', 'c', 'from the first');
        equal(await receiver.receive(), 'from the first');
        throws(() => both.sender().trySend('x'), 'mismatch');
        await worker.peer.terminate();
        await rejects(within(receiver.receive(), LONG, 'the death'), 'peer-lost');
        const sender = both.sender();
        const next = both.receiver();
        await sender.send('from the next');
        equal(await next.receive(), 'from the next');
        equal(await again(() => receiver.receive()), 'from the next');
        sender.close(new Error('enough'));
        match((await rejects(next.receive(), 'closed')).message, /enough/);
      }),
  },
  {
    name: 'broadcast: drain shows whole records while they are overwritten',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', here('broadcast')).receiver();
        await worker.call('sender', 'c', there('broadcast'));
        const count = env.transport === 'shared' ? 100_000 : 5000;
        const poured = worker.call('pourNumbers', 'c', count, 100);
        let seen = 0;
        let last = -1;
        while (await receiver.ready({ timeout: LONG })) {
          receiver.drain((memory, offset, length) => {
            const value = text.decode(memory, offset, length);
            ok(/^(\d+),(\1,)*\1?$/.test(value) || value.length === 0, `torn: ${value}`);
            const number = Number(value.split(',')[0]);
            ok(number > last, `${number} after ${last}`);
            last = number;
            seen++;
          });
        }
        await poured;
        equal(seen + receiver.lost, count);
      }),
  },
  {
    name: 'broadcast: a claim is shown when it is committed, and an eighth of the capacity is the most',
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here('broadcast'));
        const [sender, receiver] = [both.sender(), both.receiver()];
        const claim = sender.claim(4);
        ok(claim);
        throws(() => sender.claim(1), 'mismatch');
        throws(() => sender.trySend('x'), 'mismatch');
        throws(() => claim.commit(5), 'mismatch');
        const second = sender.claim(4);
        ok(second);
        second.memory.set([104, 105, 33, 33], second.offset);
        equal(receiver.tryReceive(), undefined);
        second.commit(2);
        equal(await receiver.receive(), 'hi');
        await sender.send('x'.repeat(128));
        await rejects(sender.send('x'.repeat(129)), 'too-large');
        throws(() => sender.trySend('x'.repeat(129)), 'too-large');
        equal((await receiver.receive()).length, 128);
        throws(
          () => channel(space, 'd', here('broadcast', 64)),
          (error) => error instanceof TypeError,
        );
      }),
  },
  {
    name: 'broadcast: statistics count what was sent, read and lost',
    run: (env) =>
      withSpace(env, async (space) => {
        const both = channel(space, 'c', here('broadcast'));
        const [sender, receiver] = [both.sender(), both.receiver()];
        for (let i = 0; i < 100; i++) sender.trySend('x'.repeat(56));
        equal((await receiver.receive()).length, 56);
        await until(() => both.stats().received > 0, 'it was counted');
        const { sent, received, lost, capacity } = both.stats();
        deepEqual(
          { sent, received, lost, capacity },
          { sent: 100, received: 1, lost: receiver.lost, capacity: 1024 },
        );
        ok(lost > 0);
      }),
  },
];

export const channelKinds = [...senders, ...receivers, ...broadcasts];
