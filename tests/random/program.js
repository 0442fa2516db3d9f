// A random program: some threads, some objects, and strands. A strand is what one thread does with
// one object, one operation after another; the strands of a thread run beside each other, or, in a
// thread that blocks, one after another in the order of their objects, which is the same in all
// threads: so whoever waits, waits for somebody who goes on.
import { random } from '../conformance/random.js';
import { CODECS } from './values.js';

/**
 * @typedef {'spsc' | 'mpsc' | 'mpmc' | 'broadcast'} ChannelKind
 * @typedef {{
 *   type: 'channel', name: string, kind: ChannelKind, capacity: number,
 *   codec: import('./values.js').CodecName, overflow: 'wait' | 'fail', large: number,
 * }} ChannelObject `large`: bytes of a record that goes as a block, 0: none does
 * @typedef {{type: 'cell', name: string}} CellObject
 * @typedef {{type: 'store', name: string, keys: number}} StoreObject
 * @typedef {{type: 'lock', name: string, kind: 'mutex' | 'rwlock' | 'semaphore', permits: number}} LockObject
 * @typedef {{type: 'barrier', name: string, parties: number, rounds: number}} BarrierObject
 * @typedef {{type: 'calls', name: string}} CallsObject
 * @typedef {{type: 'pool', name: string, size: number}} PoolObject
 * @typedef {ChannelObject | CellObject | StoreObject | LockObject | BarrierObject | CallsObject | PoolObject} AnyObject
 *
 * @typedef {{
 *   id: number, thread: number, object: number, role: string, seed: number, steps: number,
 *   early?: boolean, target?: number, reason?: boolean,
 * }} Strand `steps`: operations; `early`: a receiver that closes after them, and not at the end;
 *   `target`: the thread that it calls; `reason`: the sender gives one when it closes
 *
 * @typedef {{
 *   seed: number, threads: number, blocking: boolean[], objects: AnyObject[], strands: Strand[],
 *   kill?: {thread: number, after: number, how: 'exit' | 'terminate'}, leave: boolean,
 * }} Program `kill`: the thread ends itself, or lets itself be ended and goes on, after so many
 *   operations; `leave`: workers leave the space before they end
 */

/** Block-size records that are on their way take at most so much of the space. */
const LARGE_IN_ALL = 700_000;
/** What a block's record takes of a ring. */
const LARGE_RECORD = 24;

/**
 * @param {number} seed
 * @param {{transport: 'shared' | 'message', mostThreads?: number}} where
 * @returns {Program}
 */
export function makeProgram(seed, { transport, mostThreads = 4 }) {
  const number = random(seed);
  /** @template T @param {readonly T[]} list */
  const one = (list) => list[number(list.length)];
  const chance = (/** @type {number} */ percent) => number(100) < percent;
  const threads = 2 + number(mostThreads - 1);
  const dies = chance(50);
  /** @type {Program} */
  const program = {
    seed,
    threads,
    blocking: Array.from(
      { length: threads },
      (_, thread) => chance(35) && transport === 'shared' && thread > 0,
    ),
    objects: [],
    strands: [],
    leave: chance(50),
  };
  if (dies) {
    program.kill = {
      thread: 1 + number(threads - 1),
      after: chance(20) ? number(5) : number(200),
      how: one(['exit', 'terminate', 'terminate']),
    };
  }

  /** @param {number} thread @param {number} object @param {string} role @param {Partial<Strand>} [more] */
  const add = (thread, object, role, more = {}) =>
    program.strands.push({
      id: program.strands.length,
      thread,
      object,
      role,
      seed: number(2 ** 31),
      steps: 5 + number(35),
      ...more,
    });
  const anyThread = () => number(threads);
  /** So many threads, each at most once. @param {number} count */
  function someThreads(count) {
    const all = Array.from({ length: threads }, (_, i) => i);
    while (all.length > count) all.splice(number(all.length), 1);
    return all;
  }

  const makers = {
    channel(/** @type {number} */ at) {
      const kind = one(/** @type {const} */ (['spsc', 'mpsc', 'mpmc', 'mpmc', 'broadcast']));
      const codec = one(CODECS);
      const capacity = kind === 'broadcast' ? one([1024, 4096]) : one([256, 1024, 1024, 4096]);
      const pending = Math.ceil(capacity / LARGE_RECORD);
      program.objects.push({
        type: 'channel',
        name: `c${at}`,
        kind,
        capacity,
        codec,
        overflow: chance(15) ? 'fail' : 'wait',
        large: kind !== 'broadcast' && codec !== 'struct' && chance(60) ? pending : 0,
      });
      const many = kind === 'mpsc' || kind === 'mpmc';
      const senders = many ? 1 + number(3) : 1;
      const receivers = kind === 'mpmc' || kind === 'broadcast' ? 1 + number(3) : 1;
      for (let i = 0; i < senders; i++) {
        add(anyThread(), at, 'send', { steps: 5 + number(60), reason: chance(10) });
      }
      for (let i = 0; i < receivers; i++) {
        add(anyThread(), at, 'receive', { early: chance(12), steps: 3 + number(40) });
      }
    },
    cell(/** @type {number} */ at) {
      program.objects.push({ type: 'cell', name: `v${at}` });
      for (const thread of someThreads(1 + number(threads))) add(thread, at, 'cell');
      if (chance(30)) add(anyThread(), at, 'cell');
    },
    store(/** @type {number} */ at) {
      program.objects.push({ type: 'store', name: `s${at}`, keys: 1 + number(4) });
      for (const thread of someThreads(1 + number(threads))) add(thread, at, 'store');
    },
    lock(/** @type {number} */ at) {
      const kind = one(/** @type {const} */ (['mutex', 'mutex', 'rwlock', 'semaphore']));
      program.objects.push({ type: 'lock', name: `l${at}`, kind, permits: 1 + number(3) });
      for (const thread of someThreads(2 + number(threads - 1))) add(thread, at, 'lock');
      if (chance(30)) add(anyThread(), at, 'lock');
    },
    barrier(/** @type {number} */ at) {
      const members = someThreads(2 + number(threads - 1));
      // A thread that blocks does not hear that the barrier is broken.
      const free = dies ? members.filter((thread) => !program.blocking[thread]) : members;
      const [parties, rounds] = [free.length, 1 + number(12)];
      program.objects.push({
        type: 'barrier',
        name: `b${at}`,
        parties: Math.max(1, parties),
        rounds,
      });
      for (const thread of free) add(thread, at, 'barrier');
    },
    calls(/** @type {number} */ at) {
      program.objects.push({ type: 'calls', name: `r${at}` });
      const worker = 1 + number(threads - 1);
      if (chance(60)) add(0, at, 'call', { target: worker, steps: 3 + number(20) });
      else add(worker, at, 'call', { target: 0, steps: 3 + number(20) });
    },
    pool(/** @type {number} */ at) {
      program.objects.push({ type: 'pool', name: `p${at}`, size: 1 + number(2) });
      add(0, at, 'pool', { steps: 3 + number(15) });
    },
  };
  const kinds = /** @type {(keyof typeof makers)[]} */ (
    'channel channel channel channel cell store lock lock barrier calls'.split(' ')
  );
  const count = 3 + number(6);
  const pools = chance(20) ? 1 : 0;
  for (let at = 0; at < count; at++) makers[at < pools ? 'pool' : one(kinds)](at);
  shareLarge(program);
  unblockBothEnds(program);
  return program;
}

/** Gives each channel its part of what blocks may take. @param {Program} program */
function shareLarge({ objects }) {
  const channels = /** @type {ChannelObject[]} */ (
    objects.filter((object) => object.type === 'channel' && object.large > 0)
  );
  for (const object of channels) {
    const most = Math.floor(LARGE_IN_ALL / channels.length / object.large);
    object.large = Math.max(most, 64);
  }
}

/**
 * A thread that blocks in one end of a channel cannot serve another end of it, which somebody may
 * wait for.
 *
 * @param {Program} program
 */
function unblockBothEnds({ strands, blocking }) {
  for (const strand of strands) {
    const twice = strands.some(
      (other) =>
        other !== strand && other.thread === strand.thread && other.object === strand.object,
    );
    if (twice) blocking[strand.thread] = false;
  }
}
