// A worker that serves: what the cases of calls and pools ask of one.
import * as sdk from '../sdk.js';

/** @type {Map<string, any>} */
const kept = new Map();
let finallies = 0;
let produced = 0;
let runs = 0;

/** @param {number} ms */
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Computes for so long, without a turn of the event loop. @param {number} ms */
function compute(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

class CardError extends RangeError {
  /** @param {string} message @param {number} card @param {ErrorOptions} options */
  constructor(message, card, options) {
    super(message, options);
    this.name = 'CardError';
    this.code = 'declined';
    this.card = card;
  }
}

export const api = sdk.serve({
  /** @template T @param {T} value */
  echo: (value) => value,
  /** @param {number} a @param {number} b */
  add: (a, b) => a + b,
  /** @param {number} n */
  async addLater(n) {
    await later(1);
    return n + 1;
  },
  transport() {
    return this.space?.transport;
  },

  /** From now on whoever makes text of a value in this worker fails. */
  forbidJson() {
    JSON.stringify = JSON.parse = () => {
      throw new Error('JSON');
    };
  },

  // ---- order
  /** @param {number} n @returns {number[]} the numbers so far, in the order in which they came */
  note(n) {
    const numbers = kept.get('numbers') ?? [];
    numbers.push(n);
    kept.set('numbers', numbers);
    return numbers;
  },
  /** @param {number} n @param {number} ms */
  async noteSlowly(n, ms) {
    const numbers = this.signal && kept.get('numbers');
    kept.set('numbers', [...(numbers ?? []), n]);
    await later(ms);
    return n;
  },
  notes: () => kept.get('numbers') ?? [],

  // ---- errors
  /** @param {string} message */
  fail(message) {
    throw new CardError(message, 42, { cause: new TypeError('the card is of another bank') });
  },
  /** @param {any} value */
  throwIt(value) {
    throw value;
  },
  async reject() {
    await later(1);
    throw new sdk.SluiceError('full', 'no room in here');
  },
  aggregate() {
    throw new AggregateError([new Error('one'), new RangeError('two')], 'both failed');
  },
  badError() {
    throw Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('not to be read');
      },
    });
  },
  uncloneable: () => ({ f() {} }),
  throwOutside() {
    setTimeout(() => {
      throw new Error('nobody waits for this one');
    });
    return later(50);
  },

  // ---- cancellation
  /** Waits for its signal. @param {string} [key] */
  untilAborted(key = 'reason') {
    kept.set(`${key} started`, true);
    return new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => {
        kept.set(key, this.signal.reason);
        reject(this.signal.reason);
      });
    });
  },
  /** Computes until it sees that it was cancelled. @param {number} ms at most */
  untilCancelled(ms) {
    const end = performance.now() + ms;
    while (performance.now() < end) if (this.cancelled) return 'cancelled';
    return 'the time was up';
  },
  /** @param {number} ms */
  async computeAndTell(ms) {
    kept.set('cancelled', false);
    const end = performance.now() + ms;
    while (performance.now() < end && !this.cancelled);
    kept.set('cancelled', this.cancelled);
    kept.set('word', this.cancelAt);
  },
  /** @param {string} key */
  recall: (key) => kept.get(key),
  /** @param {number} ms */
  compute,
  spin() {
    for (;;);
  },

  // ---- iterables
  /** @param {number} count @param {number} [failAt] */
  async *count(count, failAt) {
    try {
      for (let i = 0; i < count; i++) {
        if (i === failAt) throw new RangeError(`no ${i}`);
        produced = i + 1;
        yield i;
      }
    } finally {
      finallies++;
    }
  },
  async *stuck() {
    try {
      yield 1;
      await new Promise((resolve) => this.signal.addEventListener('abort', resolve));
      yield 2;
    } finally {
      finallies++;
    }
  },
  async *uncloneables() {
    try {
      yield 1;
      yield () => 2;
    } finally {
      finallies++;
    }
  },
  finallies: () => finallies,
  produced: () => produced,

  // ---- callbacks
  /** @param {any} callback @param {any[]} args */
  apply: (callback, ...args) => callback(...args),
  /** @param {any} callback */
  keep(callback) {
    kept.set('callback', callback);
  },
  /** @param {any[]} args */
  callKept: (...args) => kept.get('callback')(...args),
  releaseKept: () => kept.get('callback').release(),
  /** @param {number} by */
  adder(by) {
    return sdk.proxy((/** @type {number} */ n) => n + by);
  },

  // ---- transfer
  /** @param {ArrayBuffer} buffer */
  bytesOf: (buffer) => buffer.byteLength,
  /** @param {number} bytes */
  give(bytes) {
    const buffer = new Uint8Array(bytes).fill(7).buffer;
    kept.set('given', buffer);
    return sdk.transfer({ buffer }, [buffer]);
  },
  leftOfGiven: () => kept.get('given').byteLength,

  // ---- this worker as a caller
  /** @param {MessagePort} port */
  connectTo(port) {
    kept.set('remote', sdk.connect(port, { space: this.space }));
    kept.set('port', port);
  },
  /** @param {string} name @param {any[]} args @param {any} [wait] */
  callSync: (name, args, wait) => sdk.callSync(kept.get('remote'), name, args, wait),
  callUncloneable: () => sdk.callSync(kept.get('remote'), 'twice', [() => 1]),
  /** How many of so many calls went by message. @param {number} count */
  callMany(count) {
    const port = kept.get('port');
    let posted = 0;
    port.postMessage = (/** @type {any[]} */ ...message) => {
      posted++;
      MessagePort.prototype.postMessage.apply(port, /** @type {any} */ (message));
    };
    try {
      for (let n = 0; n < count; n++) {
        const got = sdk.callSync(kept.get('remote'), 'twice', [n]);
        if (got !== 2 * n) throw new Error(`twice(${n}) gave ${got}`);
      }
    } finally {
      delete port.postMessage;
    }
    return posted;
  },
  /** Calls that do not block, and then one that does: how many of them it came before. @param {number} count */
  async callBehind(count) {
    const remote = kept.get('remote');
    let before = 0;
    let sum = Number(sdk.callSync(remote, 'sum', []));
    const calls = [];
    for (let n = 0; n < count; n++) {
      sdk.callSync(remote, 'twice', [n]); // the other side looks for the next
      calls.push(remote.add(1));
      if (sdk.callSync(remote, 'sum', []) !== ++sum) before++;
    }
    await Promise.all(calls);
    return before;
  },
  /** What is too long for the board, and a port. @param {number} bytes */
  callLarge(bytes) {
    const { port1 } = new MessageChannel();
    const remote = kept.get('remote');
    sdk.callSync(remote, 'twice', [1]);
    const args = [new Uint8Array(bytes), sdk.transfer(port1, [port1])];
    return sdk.callSync(remote, 'length', args);
  },
  /** @param {string} name @param {any[]} args */
  callBack: (name, args) => kept.get('remote')[name](...args),
  /** Milliseconds of processor time that a call took. @param {string} name @param {any[]} args */
  cpuOf(name, args) {
    const before = process.cpuUsage();
    const began = performance.now();
    sdk.callSync(kept.get('remote'), /** @type {any} */ (name), args);
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / 1000, wall: performance.now() - began };
  },
  /** @param {MessagePort} port */
  servePort(port) {
    const hang = () => new Promise(() => {});
    sdk.serve({ twice: (/** @type {number} */ n) => 2 * n, hang }, port);
  },

  // ---- death
  /** Holds the mutex for as long as it lives. @param {string} name */
  async lock(name) {
    const space = /** @type {import('sluice').Space} */ (this.space);
    const held = await sdk.mutex(space, name).lock();
    kept.set(name, held);
    return held.recovered;
  },
  /** Takes space that only its death gives back. @param {string} name */
  open(name) {
    const space = /** @type {import('sluice').Space} */ (this.space);
    kept.set(name, sdk.channel(space, name, { kind: 'spsc', codec: sdk.text }).sender());
  },
  exit() {
    if ('WorkerGlobalScope' in globalThis) close();
    else process.exit(3);
    return new Promise(() => {});
  },
  /** Ends the first time, as a cell counts them. @param {string} name */
  async exitOnce(name) {
    const space = /** @type {import('sluice').Space} */ (this.space);
    const times = sdk.cell(space, name, sdk.json(), 0);
    if ((await times.update((n) => n + 1)) > 1) return 'second time';
    if ('WorkerGlobalScope' in globalThis) close();
    else process.exit(3);
    return new Promise(() => {});
  },
  runs: () => ++runs,
  /** Ends, and goes on: to a timer, a fetch, and what it then writes to a cell. @param {string} name */
  goOn(name) {
    const space = /** @type {import('sluice').Space} */ (this.space);
    const text = async () => {
      await later(5);
      const response = await fetch('data:text/plain,by%20itself');
      await sdk.cell(space, name, sdk.json(), '').set(await response.text());
    };
    text();
  },
  hang: () => new Promise(() => {}),
  /** @param {string} name @param {number} ms */
  async waitOn(name, ms) {
    await later(ms);
    return name;
  },
});
