/**
 * A pool: calls go to whichever worker has nothing to do.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('./caller.js').CallOptions} CallOptions
 * @typedef {{
 *   size?: number, minSize?: number, maxQueue?: number, idleTimeout?: number, grace?: number,
 * }} PoolOptions `size`: at most so many workers, one less than there are cores by default; `minSize`:
 *   so many are kept, 0 by default; `maxQueue`: calls that may wait, any number by default;
 *   `idleTimeout`: after so many milliseconds without work the others go, 30 s by default; `grace`:
 *   from a call's abort to the end of its worker where it goes on, in milliseconds, 1 s by default
 * @typedef {Readonly<Record<'size' | 'busy' | 'queued' | 'completed' | 'failed' | 'crashed', number>> & {
 *   readonly waitMs: import('./spread.js').Spread, readonly runMs: import('./spread.js').Spread,
 * }} PoolStats `crashed`: workers that ended by themselves
 */

/**
 * @template {Api} A
 * @typedef {EventTarget & {
 *   readonly call: import('./remote.js').Remote<A>,
 *   run<K extends keyof A & string>(name: K, args: Parameters<A[K]>, options?: CallOptions): Promise<Awaited<ReturnType<A[K]>>>,
 *   map<K extends keyof A & string>(name: K, items: Iterable<Parameters<A[K]>[0]> | AsyncIterable<Parameters<A[K]>[0]>, options?: CallOptions & {ordered?: boolean, chunk?: number}): AsyncIterableIterator<Awaited<ReturnType<A[K]>>>,
 *   through<K extends keyof A & string>(name: K, options?: CallOptions & {ordered?: boolean, chunk?: number}): {readable: ReadableStream<Awaited<ReturnType<A[K]>>>, writable: WritableStream<Parameters<A[K]>[0]>},
 *   parallel(entry: string, count: number, args?: number[], options?: import('./parallel.js').ParallelOptions): Promise<void>,
 *   stats(): PoolStats, close(wait?: import('../loader/wait.js').Wait): Promise<void>, [Symbol.asyncDispose](): Promise<void>,
 * }} Pool events: "crash" (its `error`: what happened) and "drain" (there is nothing left to do).
 *   `map`: the results, in the order of the items if it is not `ordered: false`, `chunk` items a
 *   message. `parallel`: the module's exported function `entry(begin, end, ...args)` over [0, count);
 *   it ends, well or not, when nobody computes any more, or who went on was terminated. On messages
 *   the calling thread computes, in turns. `close`: when all calls have ended, or at the end of the wait, which rejects those left
 */

import { computeWorker, cores } from '#host';
import { ASYNC_DISPOSE } from '../loader/dispose.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { limit, watch, within } from '../loader/wait.js';
import { makeBacklog } from './backlog.js';
import { answerOf } from './caller.js';
import { makeCrew } from './crew.js';
import { mapOver, streamOver } from './map.js';
import { parallelOver } from './parallel.js';
import { makeRemote } from './remote.js';
import { makeSpread } from './spread.js';

const IDLE = 30_000;
const GRACE = 1000;

/**
 * A pool of workers on `space`, whose scripts call serve(). They start when they are needed.
 *
 * @template {Api} A
 * @param {import('../loader/space.js').Space} space
 * @param {() => Worker} [make] without one: workers that only compute, for parallel()
 * @param {PoolOptions} [options]
 * @returns {Pool<A>}
 */
export function pool(space, make = computeWorker, options = {}) {
  inside(space);
  const { maxQueue = Infinity, grace = GRACE } = options;
  const sizes = requireSizes(options);

  /**
   * @typedef {{
   *   name: string, args: unknown[], options: CallOptions, retries: number, queuedAt: number,
   *   resolve(value: unknown): void, reject(reason: unknown): void, over: boolean,
   *   stop(): void, left(): void, gone(): void, abort?: AbortController,
   * }} Task `over`: whoever called has the answer; `left`: it neither waits nor runs, for the pool;
   *   `gone`: and no worker does it any more
   */
  /** @type {ReturnType<typeof makeBacklog<Task>>} */
  const backlog = makeBacklog();
  /** Those that wait or run. @type {Set<Task>} */
  const tasks = new Set();
  const waitMs = makeSpread();
  const runMs = makeSpread();
  const counts = { completed: 0, failed: 0, crashed: 0 };
  /** @type {SluiceError | undefined} */
  let closing;
  /** @type {(() => void)[]} */
  const drained = [];
  const target = new EventTarget();

  const crew = makeCrew(space, make, sizes, {
    free: dispatch,
    lost(member, cause) {
      const task = /** @type {Task | undefined} */ (member.task);
      if (task && !task.over && task.retries-- > 0) {
        backlog.addFirst(task, task.options.priority ?? 0);
      } else if (task) {
        const text = `the worker that ran ${task.name}() has ended; pass retry where it may run twice`;
        end(task);
        reject(task, new SluiceError('peer-lost', text, { cause }));
      }
      if (member.dismissed) return;
      counts.crashed++;
      target.dispatchEvent(Object.assign(new Event('crash'), { error: cause }));
    },
  });
  crew.warm();

  /** @param {Task} task @param {unknown} reason */
  function reject(task, reason) {
    if (task.over) return;
    task.over = true;
    counts.failed++;
    task.reject(reason);
  }

  /** @param {Task} task @param {unknown} value */
  function resolve(task, value) {
    if (task.over) return;
    task.over = true;
    counts.completed++;
    task.resolve(value);
  }

  /** @param {Task} task */
  function leave(task) {
    if (!tasks.delete(task)) return;
    task.stop();
    task.left();
    if (tasks.size > 0) return;
    for (const wake of drained.splice(0)) wake();
    target.dispatchEvent(new Event('drain'));
  }

  /** @param {Task} task */
  function end(task) {
    leave(task);
    task.gone();
  }

  function dispatch() {
    while (backlog.length > 0) {
      const { failure } = crew;
      const member = failure ? undefined : crew.take(backlog.length);
      if (!failure && !member) return;
      const task = /** @type {Task} */ (backlog.take());
      if (member) begin(task, member);
      else {
        end(task);
        reject(task, failure);
      }
    }
  }

  /** @param {Task} task @param {import('./crew.js').Member} member */
  function begin(task, member) {
    const { connection } = member;
    const began = performance.now();
    const abort = new AbortController();
    waitMs.add(began - task.queuedAt);
    member.task = task;
    task.abort = abort;

    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;
    const done = () => {
      clearTimeout(patience);
      if (member.task !== task) return;
      runMs.add(performance.now() - began);
      crew.giveBack(member);
      end(task);
      dispatch();
    };
    const answer = connection.call(task.name, task.args, {
      transfer: task.options.transfer,
      signal: abort.signal,
      onSettled: done,
      onGivenUp() {
        patience = setTimeout(() => {
          if (member.task !== task) return;
          crew.dismiss(member);
          leave(task);
        }, grace);
        /** @type {any} */ (patience).unref?.();
      },
    });
    answer.then(
      (value) => resolve(task, value),
      (error) => {
        if (connection.ended) return; // the crew tells, when the worker is dead
        const unsent = !task.over;
        reject(task, error);
        if (unsent) done();
      },
    );
  }

  /**
   * @param {string} name
   * @param {unknown[]} args
   * @param {CallOptions} call
   * @param {number} room calls that may wait
   * @returns {import('./parallel.js').Part}
   */
  function start(name, args, call, room) {
    /** @type {() => void} */
    let withdraw = () => {};
    /** @type {() => void} */
    let setLeft = () => {};
    /** @type {() => void} */
    let setGone = () => {};
    /** @type {Promise<void>} */
    const left = new Promise((resolve) => {
      setLeft = resolve;
    });
    /** @type {Promise<void>} */
    const gone = new Promise((resolve) => {
      setGone = resolve;
    });
    const promise = new Promise((fulfil, fail) => {
      try {
        call.signal?.throwIfAborted();
        limit(call.timeout);
        if (closing) throw closing;
        if (crew.failure) throw crew.failure;
        if (backlog.length >= room + sizes.size - crew.busy) throw full(room);
      } catch (error) {
        setLeft();
        setGone();
        throw error;
      }
      /** @type {Task} */
      const task = {
        name,
        args,
        options: call,
        retries: call.retry ?? 0,
        queuedAt: performance.now(),
        resolve: fulfil,
        reject: fail,
        over: false,
        stop: watch(call, `${name}()`, (reason) => {
          if (backlog.remove(task)) end(task);
          reject(task, reason);
          task.abort?.abort(reason);
        }),
        left: setLeft,
        gone: setGone,
      };
      withdraw = () => {
        if (!backlog.remove(task)) return;
        end(task);
        resolve(task, undefined);
      };
      tasks.add(task);
      backlog.add(task, call.priority ?? 0);
      dispatch();
    });
    return { promise, left, gone, withdraw: () => withdraw() };
  }

  /** @param {string} name @param {unknown[]} args @param {CallOptions} [call] @returns {Promise<any>} */
  const run = (name, args, call = {}) => start(name, args, call, maxQueue).promise;

  /** @param {string} name @param {any} items @param {CallOptions} [call] @returns {AsyncIterableIterator<any>} */
  const map = (name, items, call = {}) => mapOver(run, name, items, call, 2 * sizes.size);

  /** @param {import('../loader/wait.js').Wait} [wait] */
  async function close(wait) {
    closing ??= new SluiceError('closed', 'the pool is closed');
    try {
      if (tasks.size > 0) {
        await within(
          new Promise((resolve) => drained.push(() => resolve(undefined))),
          wait,
          'close()',
        );
      }
    } finally {
      const ended = crew.close();
      const left = [...tasks];
      for (const task of left) {
        backlog.remove(task);
        reject(task, closing);
      }
      await ended;
      left.forEach(end);
    }
  }

  return Object.assign(
    target,
    /** @type {any} */ ({
      run,
      map,
      through: (/** @type {string} */ name, /** @type {CallOptions | undefined} */ call) =>
        streamOver((items) => map(name, items, call)),
      parallel: (
        /** @type {string} */ entry,
        /** @type {number} */ count,
        /** @type {number[]} */ args = [],
        /** @type {import('./parallel.js').ParallelOptions} */ call = {},
      ) =>
        parallelOver(
          space,
          sizes.size,
          (...task) => start(...task, Infinity),
          entry,
          count,
          args,
          call,
        ),
      call: makeRemote({
        call: (name, args, call) => answerOf(run(name, args, call), name),
        options: {},
      }),
      stats: () => ({
        size: crew.size,
        busy: crew.busy,
        queued: backlog.length,
        ...counts,
        waitMs: waitMs.read(),
        runMs: runMs.read(),
      }),
      close,
      [ASYNC_DISPOSE]: () => close(),
    }),
  );
}

/** @param {number} most */
const full = (most) =>
  new SluiceError(
    'full',
    `${most} calls of this pool wait already, its maxQueue: wait for "drain"`,
  );

/** @param {PoolOptions} options */
function requireSizes({ size, minSize = 0, idleTimeout = IDLE }) {
  const most = size ?? Math.min(Math.max(cores() - 1, 1), 64);
  if (!Number.isInteger(most) || most < 1) {
    throw new TypeError(`size is a whole number from 1 on, not ${String(size)}`);
  }
  if (!Number.isInteger(minSize) || minSize < 0 || minSize > most) {
    throw new TypeError(
      `minSize is a whole number from 0 to size (${most}), not ${String(minSize)}`,
    );
  }
  if (typeof idleTimeout !== 'number' || !(idleTimeout >= 0)) {
    throw new TypeError(`idleTimeout is milliseconds, zero or more, not ${String(idleTimeout)}`);
  }
  return { size: most, minSize, idleTimeout };
}
