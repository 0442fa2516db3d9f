// A spawned worker that uses cells, stores and locks as a case tells it to, a command a message.
import * as sdk from '../sdk.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

/** @type {import('sluice').Space} */
let space;
/** What is held, by a name that the case gives. @type {Map<string, import('sluice').Held>} */
const held = new Map();

/** @type {Map<string, import('sluice').Cell<any>>} */
const cells = new Map();

/** @type {Record<string, (name: string, n: number) => import('sluice').Lock>} */
const locks = {
  mutex: (name) => sdk.mutex(space, name),
  read: (name) => sdk.rwlock(space, name).read,
  write: (name) => sdk.rwlock(space, name).write,
  semaphore: (name, permits) => sdk.semaphore(space, name, permits),
};

/** @param {string} key @param {import('sluice').Held | undefined} got */
function keep(key, got) {
  if (got) held.set(key, got);
  return got && { recovered: got.recovered };
}

/** @param {string} name */
const cell = (name) => sdk.cell(space, name, sdk.json(), 0);
/** @param {string} name */
const pair = (name) => sdk.cell(space, name, sdk.struct({ n: 'i32', m: 'i32' }), { n: 0, m: 0 });
/** @param {string} name */
const store = (name) => sdk.store(space, name, { codec: sdk.json(), entries: 16 });

/** @type {Record<string, (...args: any[]) => any>} */
const commands = {
  lock: async (key, kind, name, n, wait) => keep(key, await locks[kind](name, n).lock(wait)),
  tryLock: async (key, kind, name, n) => keep(key, await locks[kind](name, n).tryLock()),
  lockSync: (key, kind, name, n, wait) => keep(key, locks[kind](name, n).lockSync(wait)),
  release: (key) => held.get(key)?.release(),
  closeSpace: () => space.close(),
  wait: (name, parties, wait) => sdk.barrier(space, name, parties).wait(wait),
  waitSync: (name, parties, wait) => sdk.barrier(space, name, parties).waitSync(wait),

  /** As add, count and watchCell, of a value of a fixed size whose halves must agree. */
  async addPair(name, times) {
    const one = pair(name);
    for (let i = 0; i < times; i++) await one.update(({ n }) => ({ n: n + 1, m: -n - 1 }));
  },
  async countPair(name, to) {
    const one = pair(name);
    for (let n = 1; n <= to; n++) await one.set({ n, m: -n });
  },
  async watchPair(name, last) {
    const seen = [];
    for await (const { n, m } of pair(name).watch()) {
      if (m !== -n) throw new Error(`torn: ${n}, ${m}`);
      seen.push(n);
      if (n === last) break;
    }
    return seen;
  },
  remove: (name) => sdk.remove(space, name),
  /** Keeps this thread's cell of that name, whatever the name stands for later. */
  keepCell(key, name) {
    cells.set(key, cell(name));
  },
  getKept: (key) => cells.get(key)?.get(),
  setKept: (key, value) => cells.get(key)?.set(value),

  get: async (name) => {
    await cell(name).ready;
    return cell(name).get();
  },
  set: (name, value) => cell(name).set(value),
  /** Adds one so often, the read and the write apart, under a lock. */
  async addLocked(name, lock, times) {
    const counter = cell(name);
    await counter.ready;
    for (let i = 0; i < times; i++) {
      const got = await locks.mutex(lock, 1).lock();
      const value = counter.get();
      await 0;
      await counter.set(value + 1);
      got.release();
    }
  },
  /** Adds one so often. */
  async add(name, times) {
    for (let i = 0; i < times; i++) await cell(name).update((value) => value + 1);
  },
  /** Sets numbers from 1 on, and says when it is done. */
  async count(name, to) {
    for (let i = 1; i <= to; i++) await cell(name).set(i);
  },
  /** Each value that it sees, up to `last`. */
  async watchCell(name, last) {
    const seen = [];
    for await (const value of cell(name).watch()) {
      seen.push(value);
      if (value === last) break;
    }
    return seen;
  },
  async storeGet(name, key) {
    await store(name).ready;
    return store(name).get(key);
  },
  storeSet: (name, key, value) => store(name).set(key, value),
  storeDelete: (name, key) => store(name).delete(key),
  storeReplace: (name, key, expected, value) => store(name).replace(key, expected, value),
  async storeKeys(name) {
    await store(name).ready;
    return [...store(name).keys()].sort();
  },
  /** Tries so often to be the one who makes the next number of what is there. */
  async storeAdd(name, key, times) {
    const values = store(name);
    await values.ready;
    for (let done = 0; done < times; ) {
      const old = values.get(key);
      if (await values.replace(key, old, (old ?? 0) + 1)) done++;
    }
  },
  async watchStore(name, key, last) {
    const seen = [];
    for await (const value of store(name).watch(key)) {
      seen.push(value ?? null);
      if ((value ?? null) === last) break;
    }
    return seen;
  },
};

/** @param {{id: number, command: string, args: unknown[]}} message */
async function obey({ id, command, args }) {
  try {
    const value = await commands[command](...args);
    port.postMessage({ id, value });
  } catch (error) {
    const { name, message, code } = /** @type {any} */ (error);
    port.postMessage({ id, error: { name, message, code } });
  }
}

/** @type {any[]} */
const early = [];
/** @param {any} data */
let hear = (data) => {
  early.push(data);
};
const listener = (/** @type {any} */ message) => hear(message.data ?? message);
if ('on' in port) port.on('message', listener);
else port.addEventListener('message', listener);

space = await sdk.attach();
hear = (data) => {
  if (data.command) obey(data);
};
for (const data of early) hear(data);
