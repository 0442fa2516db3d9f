// Runs one random program and checks what came of it.
import { listen } from '../conformance/agent.js';
import * as sdk from '../conformance/sdk.js';
import { api } from './calling.js';
import { dress, undress } from './changing.js';
import { check } from './check.js';
import { makeLog, readLog, shareLogs, show, toEntry } from './log.js';
import { makeProgram } from './program.js';
import { known, openObjects, openStrands } from './thread.js';
import { readValue } from './values.js';

/** @typedef {import('../conformance/env.js').Env} Env */

/** Until a program has ended, in milliseconds: long after the last of them does. */
const DEADLINE = 17_000;
const WORKER = 'tests/random/worker.js';

/**
 * @param {Env} env
 * @param {number} seed
 * @param {{mostThreads?: number, deadline?: number}} [options]
 * @returns {Promise<void>} rejects with what is wrong, and how to see it again
 */
export async function runProgram(env, seed, { mostThreads, deadline = DEADLINE } = {}) {
  const program = makeProgram(seed, { transport: env.transport, mostThreads });
  const made = await prepare(env, program);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it had not ended after ${deadline} ms`)), deadline);
  });
  try {
    await Promise.race([perform(made), late]);
  } catch (error) {
    throw new Error(`${failure(env, program, mostThreads, error)}\n${made.report()}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    made.end();
  }
}

/** @param {Env} env @param {import('./program.js').Program} program @param {number | undefined} most @param {any} error */
const failure = ({ transport, engine }, { seed, ...program }, most, error) =>
  `random program ${seed} over ${transport} in ${engine} failed: ${error.code ?? ''} ${error.stack ?? error}
run it again: SEED=${seed} TRANSPORT=${transport}${most ? ` THREADS=${most}` : ''} make replay-random
${JSON.stringify(program)}`;

/**
 * @typedef {{
 *   peer: import('sluice').Peer, thread: number, dead: boolean, doomed: boolean, entries: number[][],
 *   answer(wanted: string): Promise<boolean>, tell(message: any, transfer?: Transferable[]): void,
 * }} Other a worker; `answer`: false when it died instead
 */

/** @param {Env} env @param {import('./program.js').Program} program */
async function prepare(env, program) {
  const { threads } = program;
  const space = await sdk.create(env.options);
  const shared = shareLogs(threads);
  /** @type {Other[]} */
  const others = [];
  const dead = new AbortController();
  /** @type {number[][]} */
  const own = [];
  /** @type {(error: Error) => void} */
  let fail = () => {};
  /** @type {Promise<never>} */
  const failed = new Promise((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  /** @type {import('./world.js').World} */
  const world = {
    program,
    thread: 0,
    space,
    log: makeLog(shared, 0, (entry) => own.push(entry)),
    tick: () => undefined,
    blocking: false,
    mayBlock: false,
    dead: dead.signal,
    remotes: new Map(),
    makeWorker: () => env.worker(env.url('tests/random/pool-worker.js')),
  };

  /** @param {number} thread */
  async function start(thread) {
    const peer = await sdk.spawn(space, () => env.worker(env.url(WORKER)));
    /** @type {Map<string, (alive: boolean) => void>} */
    const waiting = new Map();
    /** @type {Set<string>} */
    const answers = new Set();
    /** @type {Other} */
    const other = {
      peer,
      thread,
      dead: false,
      doomed: false,
      entries: [],
      answer: (wanted) =>
        new Promise((resolve) => {
          if (answers.has(wanted)) resolve(true);
          else if (other.dead) resolve(false);
          else waiting.set(wanted, resolve);
        }),
      tell(message, transfer = []) {
        if (!other.dead) peer.worker.postMessage(message, transfer);
      },
    };
    others.push(other);
    listen(peer.worker, ({ answer, kill, entry, failed }) => {
      if (entry) other.entries.push(entry);
      if (failed) fail(new Error(`thread ${thread}: ${failed}`));
      if (kill) peer.terminate();
      if (!answer) return;
      answers.add(answer);
      waiting.get(answer)?.(true);
    });
    peer.lost.then((error) => {
      other.dead = true;
      if (program.kill?.thread !== thread && !other.doomed) fail(error);
      dead.abort();
      for (const one of others) one.tell({ command: 'died' });
      for (const resolve of waiting.values()) resolve(false);
    });
    return other;
  }

  return {
    env,
    program,
    space,
    shared,
    others,
    world,
    failed,
    stage: 'the start',
    start,
    /** @param {number} thread */
    entriesOf: (thread) =>
      shared
        ? readLog(shared, thread)
        : (thread === 0 ? own : (others.find((one) => one.thread === thread)?.entries ?? [])).map(
            toEntry,
          ),
    report() {
      const lines = [`at ${this.stage}:`];
      for (let thread = 0; thread < threads; thread++) {
        const entries = this.entriesOf(thread);
        const gone = others.find((one) => one.thread === thread)?.dead ? ', dead' : '';
        lines.push(`thread ${thread}${gone}: ${entries.length} entries`);
        for (const strand of program.strands.filter((one) => one.thread === thread)) {
          const last = entries.filter((entry) => entry.strand === strand.id).slice(-3);
          if (last.at(-1)?.word === 'ended') continue;
          lines.push(
            `  ${strand.role} ${program.objects[strand.object].name}: ${last.map(show).join('; ')}`,
          );
        }
      }
      return lines.join('\n');
    },
    end() {
      for (const { peer } of others) peer.worker.terminate();
      space.close({ timeout: 1000 }).catch(() => {});
    },
  };
}

/** @param {Awaited<ReturnType<typeof prepare>>} made */
async function perform(made) {
  const { program, space, others, world, failed, start, shared, env } = made;
  /** @template T @param {Promise<T>} work @returns {Promise<T>} */
  const or = (work) => Promise.race([work, failed]);

  await or(reservePlaces(space, program));
  const objects = openObjects(space, program);
  await or(known(space, objects));
  const used = space.stats().used;
  const cells = new Map();
  for (const [at, { type, name }] of program.objects.entries()) {
    if (type === 'cell') cells.set(name, { first: objects[at].cell.version });
  }

  made.stage = 'the opening';
  // ---- all threads have opened what they need
  for (let thread = 1; thread < program.threads; thread++) await or(start(thread));
  const run = openStrands(world, objects);
  for (const other of others) {
    const { thread } = other;
    const strands = program.strands.filter(({ role }) => role === 'call');
    const message = { command: 'start', program, thread, shared };
    if (strands.some((strand) => strand.thread === thread)) {
      const { port1, port2 } = new MessageChannel();
      sdk.serve(/** @type {any} */ (api), port1);
      other.tell({ ...message, link: port2 }, [port2]);
    } else other.tell(message);
    if (strands.some(({ target }) => target === thread)) {
      world.remotes.set(thread, sdk.connect(other.peer));
    }
  }
  await or(Promise.all(others.map((other) => other.answer('ready'))));

  made.stage = 'the run';
  // ---- all run, and some die
  for (const other of others) other.tell({ command: 'go' });
  const ends = others.map((other) => other.answer('done'));
  await or(Promise.all([run(), ...ends]));
  const dead = new Set();
  for (const other of others) {
    const doomed = program.kill?.thread === other.thread;
    // It may have been told to end, and not be dead yet.
    if (doomed && made.entriesOf(other.thread).length === 0) continue;
    if (other.dead) dead.add(other.thread);
  }

  made.stage = 'the figures';
  // ---- what is left, and whether that fits
  const entries = new Map();
  for (let thread = 0; thread < program.threads; thread++) {
    for (const entry of made.entriesOf(thread)) {
      if (!entries.has(entry.strand)) entries.set(entry.strand, []);
      entries.get(entry.strand).push(entry);
    }
  }
  /** @type {import('./check.js').Observed} */
  const observed = {
    program,
    transport: space.transport,
    dead,
    truncated: shared === undefined,
    clock: shared !== undefined,
    entries,
    stats: new Map(),
    adopted: await or(adopt(space, program, objects, entries, dead)),
    cells,
  };
  await or(settle(space, program, objects, observed));
  made.stage = 'the check';
  const problems = check(observed);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  made.stage = 'the close';
  // ---- nothing stays
  for (const remote of world.remotes.values()) {
    await or(remote[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]());
  }
  for (const other of others) {
    other.tell({ command: 'finish', leave: program.leave });
    await or(other.answer('finished'));
    other.doomed = true;
    await or(other.peer.terminate());
  }
  await or(
    until(
      () => space.stats().peers === 1,
      () => `${space.stats().peers} threads are there`,
    ),
  );
  await or(
    until(
      () => isBack(space.stats().used - used, program),
      () => `${space.stats().used} bytes are in use, ${used} before`,
    ),
  );
  await or(space.close());
  void env;
}

/**
 * The first thread to have a place in the space brings memory for it that stays there.
 *
 * @param {import('sluice').Space} space
 * @param {import('./program.js').Program} program
 */
async function reservePlaces(space, { threads, objects }) {
  if (space.transport !== 'shared') return;
  const pools = objects.reduce((sum, one) => sum + (one.type === 'pool' ? 2 * one.size : 0), 0);
  const guests = [];
  for (let i = 1; i < threads + pools; i++) guests.push(await sdk.attach(space.handle));
  for (const guest of guests) await guest.close();
}

/**
 * What the last receiver left when it died is there for who comes after it.
 *
 * @param {import('sluice').Space} space
 * @param {import('./program.js').Program} program
 * @param {any[]} objects
 * @param {Map<number, import('./log.js').Entry[]>} entries
 * @param {Set<number>} dead
 */
async function adopt(space, program, objects, entries, dead) {
  const adopted = new Map();
  for (const [at, object] of program.objects.entries()) {
    if (object.type !== 'channel' || (object.kind !== 'mpsc' && object.kind !== 'mpmc')) continue;
    const readers = program.strands.filter((one) => one.object === at && one.role === 'receive');
    const over = readers.some(({ id }) => entries.get(id)?.some(({ word }) => word === 'over'));
    if (over || !readers.some(({ thread }) => dead.has(thread))) continue;
    try {
      const receiver = objects[at].receiver();
      /** @type {{strand: number, index: number}[]} */
      const found = [];
      try {
        for await (const value of receiver) found.push(readValue(object.codec, value));
      } catch (error) {
        const { code, cause } = /** @type {any} */ (error);
        if (code !== 'peer-lost' && !(code === 'closed' && cause)) throw error;
      } finally {
        receiver.close();
      }
      adopted.set(object.name, found);
    } catch (error) {
      // The last of them closed it before another died.
      if (/** @type {any} */ (error).code !== 'closed') throw error;
    }
  }
  void space;
  return adopted;
}

/**
 * Takes the figures, and puts back what takes memory.
 *
 * @param {import('sluice').Space} space
 * @param {import('./program.js').Program} program
 * @param {any[]} objects
 * @param {import('./check.js').Observed} observed
 */
async function settle(space, program, objects, observed) {
  // Over messages, what came before this has been heard.
  await known(space, []);
  for (const [at, object] of program.objects.entries()) {
    const opened = objects[at];
    if (object.type === 'channel') observed.stats.set(object.name, opened.stats());
    if (object.type === 'cell') {
      const known = /** @type {any} */ (observed.cells.get(object.name));
      Object.assign(known, { last: opened.cell.version, value: undress(opened.cell.get()) });
      await opened.cell.set(dress(0));
    }
    if (object.type === 'store') {
      for (const key of [...opened.keys()]) await opened.delete(key);
    }
    if (object.type === 'lock') await opened.guarded.set(0);
  }
}

/** What a reason takes at most, which a channel keeps. */
const REASON = 8192;

/** @param {number} more bytes in use than before @param {import('./program.js').Program} program */
function isBack(more, { strands, objects }) {
  const reasons = objects.filter((_, at) =>
    strands.some(({ object, reason }) => object === at && reason),
  );
  return more === 0 || (more > 0 && more <= REASON * reasons.length);
}

/** @param {() => boolean} condition @param {() => string} what */
async function until(condition, what) {
  const end = performance.now() + 8000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(what());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
