// A spawned worker that does to channels what a case tells it to, a command a message.
import * as sdk from '../sdk.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

const codecs = { bytes: sdk.bytes, text: sdk.text, json: sdk.json() };

/** @type {import('sluice').Space} */
let space;
/** @type {Map<string, any>} */
const senders = new Map();
/** @type {Map<string, any>} */
const receivers = new Map();

/** @type {Map<string, any>} */
const blocks = new Map();

/** @param {string} name @param {any} [options] */
const open = (name, { codec = 'text', ...options } = {}) =>
  sdk.channel(space, name, {
    kind: 'spsc',
    codec: codecs[/** @type {keyof typeof codecs} */ (codec)],
    ...options,
  });

/** @type {Record<string, (...args: any[]) => any>} */
const commands = {
  transport: () => space.transport,
  sender(name, options) {
    senders.set(name, open(name, options).sender());
  },
  receiver(name, options) {
    receivers.set(name, open(name, options).receiver());
  },
  /** Sends in the background: the answer does not wait. */
  startSending(name, values) {
    const sender = senders.get(name);
    (async () => {
      for (const value of values) await sender.send(value);
      sender.close();
    })();
  },
  send: (name, value, wait) => senders.get(name).send(value, wait),
  sendMany: (name, values) => senders.get(name).sendMany(values),
  sendSync: (name, value, wait) => senders.get(name).sendSync(value, wait),
  trySend: (name, value) => senders.get(name).trySend(value),
  /** Sends `value` so often, as fast as there is room. */
  async pour(name, value, count) {
    const sender = senders.get(name);
    for (let i = 0; i < count; i++) {
      while (!sender.trySend(value)) await sender.ready(value.length, { timeout: 10_000 });
    }
    sender.close();
  },
  /** Sends the numbers from 0 on, each repeated to so many characters at most. */
  async pourNumbers(name, count, length) {
    const sender = senders.get(name);
    for (let i = 0; i < count; i++) {
      const text = `${i},`.repeat(Math.floor(length / `${i},`.length));
      if (!sender.trySend(text)) await sender.send(text);
      if (i % 1000 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    sender.close();
  },
  /** Sends so many records of zeroes in the background. */
  startFilling(name, count, length) {
    const sender = senders.get(name);
    (async () => {
      for (let i = 0; i < count; i++) await sender.send(new Uint8Array(length));
      sender.close();
    })();
  },
  fillSync(name, count, length, wait) {
    for (let i = 0; i < count; i++) senders.get(name).sendSync(new Uint8Array(length), wait);
  },
  /** Writes the values to the sender's stream. */
  async writeAll(name, values) {
    const writer = senders.get(name).writable.getWriter();
    for (const value of values) await writer.write(value);
    await writer.close();
  },
  /** Drains the channel to its end, and counts. */
  async swallow(name) {
    const receiver = receivers.get(name);
    let count = 0;
    while (await receiver.ready({ timeout: 10_000 })) count += receiver.drain(() => {});
    return count;
  },
  /** How many of `value` fit. */
  fill(name, value) {
    let count = 0;
    while (senders.get(name).trySend(value)) count++;
    return count;
  },
  receive: (name, wait) => receivers.get(name).receive(wait),
  ready: (name, wait) => receivers.get(name).ready(wait),
  lost: (name) => receivers.get(name).lost,
  /** When this has answered, all that this worker opened before is open for the others: over
   * messages the question went the same way. */
  async settled() {
    (await sdk.mutex(space, 'settled').lock()).release();
  },
  receiveSync: (name, wait) => receivers.get(name).receiveSync(wait),
  tryReceive: (name) => receivers.get(name).tryReceive(),
  async receiveAll(name) {
    const all = [];
    for await (const value of receivers.get(name)) all.push(value);
    return all;
  },
  receiveAllSync(name) {
    const all = [];
    while (receivers.get(name).readySync()) all.push(receivers.get(name).tryReceive());
    return all;
  },
  /** The same where other threads take records, too. */
  takeAllSync(name) {
    const all = [];
    try {
      for (;;) all.push(receivers.get(name).receiveSync());
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'closed') throw error;
    }
    return all;
  },
  takeLengthsSync: (name) =>
    commands.takeAllSync(name).map((/** @type {Uint8Array} */ { length }) => length),
  echo(from, to) {
    const [receiver, sender] = [receivers.get(from), senders.get(to)];
    (async () => {
      for await (const value of receiver) await sender.send(value);
      sender.close();
    })();
  },
  closeSender: (name, reason) =>
    senders.get(name).close(reason === undefined ? undefined : new Error(reason)),
  closeReceiver: (name) => receivers.get(name).close(),
  claimWithoutCommit(name, length) {
    const { memory, offset } = senders.get(name).claim(length);
    memory.fill(0xff, offset, offset + length);
  },
  alloc(key, bytes) {
    blocks.set(key, sdk.alloc(space, bytes));
  },
  openBlock(key, handle) {
    blocks.set(key, sdk.block(space, handle));
  },
  /** Sends on a channel of the space that the handle names. */
  async sendByHandle(handle, name, value) {
    const named = await sdk.attach(handle);
    await sdk.channel(named, name, { kind: 'spsc', codec: sdk.text }).sender().send(value);
    if (named !== space) await named.close();
  },
  handleOf: (key) => blocks.get(key).handle,
  readBlock: (key) => blocks.get(key).bytes.slice(),
  writeBlock(key, at, byte) {
    blocks.get(key).bytes[at] = byte;
  },
  disposeBlock: (key) => blocks.get(key)[Symbol.dispose ?? Symbol.for('Symbol.dispose')](),
  remove: (name) => sdk.remove(space, name),
  closeSpace: () => space.close(),
  sendAndLeave(name, value) {
    senders.get(name).trySend(value);
    return space.close();
  },
  call: (name, ...args) => /** @type {any} */ (space.exports)[name](...args),
  /** Ends this worker from within. */
  exit() {
    if ('WorkerGlobalScope' in globalThis) close();
    else process.exit(3);
  },
  async spawnChild(path) {
    const Worker = globalThis.Worker ?? process.getBuiltinModule('node:worker_threads').Worker;
    const make = () => new Worker(new URL(path, import.meta.url), { type: 'module' });
    await sdk.spawn(space, make);
  },
};

/** @param {{id: number, command: string, args: unknown[]}} request */
async function answer({ id, command, args }) {
  try {
    port.postMessage({ id, value: await commands[command](...args) });
  } catch (error) {
    const { name, message, code } = /** @type {any} */ (error);
    port.postMessage({ id, error: { name, message, code } });
  }
}

/** @param {any} data */
const receive = (data) => {
  if (data?.command) answer(data);
};
if (port === globalThis)
  port.addEventListener('message', (/** @type {any} */ e) => receive(e.data));
else port.on('message', receive);

space = await sdk.attach();
