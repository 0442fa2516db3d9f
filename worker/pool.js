/**
 * A pool: calls go to whichever worker has nothing to do.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('./caller.js').CallOptions} CallOptions
 * @typedef {{
 *   size?: number, minSize?: number, maxQueue?: number, idleTimeout?: number, grace?: number,
 *   blocking?: boolean,
 * }} PoolOptions `size`: at most so many workers, one less than there are cores by default; `minSize`:
 *   so many are kept, 0 by default; `maxQueue`: calls that may wait, any number by default;
 *   `idleTimeout`: after so many milliseconds without work the others go, 30 s by default; `grace`:
 *   from a call's abort to the end of its worker where it goes on, in milliseconds, 1 s by default;
 *   `blocking`: workers without a call sleep in a futex, where memory is shared, and answer sooner:
 *   for pure computation, since their timers, messages and promises rest as well
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
 *   call; `timeout` is each call's, the signal is for all. `parallel`: the module's exported function
 *   `entry(begin, end, ...args)` over [0, count); it ends, well or not, when nobody computes any more, or who went on was terminated. On messages
 *   the calling thread computes, in turns. `close`: when all calls have ended, or at the end of the wait, which rejects those left
 */

import { cores } from '#host';
import { keepAlive } from '#platform';
import { ASYNC_DISPOSE } from '../loader/dispose.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { LARGEST, requireNumber } from '../loader/options.js';
import { requireWait, within } from '../loader/wait.js';
import { makeBacklog } from './backlog.js';
import { makeDirect } from './by-message.js';
import { answerOf } from './caller.js';
import { makeCrew } from './crew.js';
import { makeLanes } from './lanes.js';
import { mapOver, streamOver } from './map.js';
import { parallelOver } from './parallel.js';
import { makeRemote } from './remote.js';
import { makeSpread } from './spread.js';
import { NO_OPTIONS, Task } from './task.js';

const IDLE = 30_000;
const GRACE = 1000;
/** When a call that ought to be ended is just being begun, or has just ended, in milliseconds. */
const RETRY = 10;
const SOON = /* @__PURE__ */ Promise.resolve();

/**
 * A pool of workers on `space`, whose scripts call serve(). They start when they are needed.
 *
 * @template {Api} A
 * @param {import('../loader/space.js').Space} space
 * @param {() => import('../loader/spawn.js').AnyWorker} [make] without one: workers that only compute, for parallel()
 * @param {PoolOptions} [options]
 * @returns {Pool<A>}
 */
export function pool(space, make, options = {}) {
  const internals = inside(space);
  const { maxQueue = Infinity, grace = GRACE, blocking = false } = options;
  requireNumber('maxQueue', maxQueue, 0);
  requireNumber('grace', grace, 0);
  const sizes = requireSizes(options);

  /** @type {ReturnType<typeof makeBacklog<Task>>} */
  const backlog = makeBacklog();
  const waitMs = makeSpread();
  const runMs = makeSpread();
  const counts = { completed: 0, failed: 0, crashed: 0 };
  /** Calls that wait or run. */
  let live = 0;
  /** @type {SluiceError | undefined} */
  let closing;
  /** @type {((nothing?: unknown) => void)[]} */
  const drained = [];
  const target = new EventTarget();
  /** Node stays for our calls. @type {(() => void) | undefined} */
  let letGo;
  let now = 0;

  const crew = makeCrew(space, /** @type {() => Worker} */ (make), sizes, {
    free: dispatch,
    joined: (member) => lanes?.enlist(member),
    message: (member, message) => lanes?.message(member, message),
    isBusy: (member) => (lanes ? lanes.isBusy(member) : member.task !== undefined),
    retire: (member) => (lanes ? lanes.retire(member) : true),
    lost(member, cause) {
      const { died, again } = lanes?.bury(member) ?? {
        died: member.task ? [member.task] : [],
        again: [],
      };
      const { closed } = internals; // its workers end with it
      for (const task of died) {
        if (!task.over && !closed && task.retries-- > 0) again.push(task);
        else {
          end(task);
          reject(task, closed ? spaceClosed(task) : workerEnded(task, cause));
        }
      }
      putBack(again);
      if (member.dismissed || closed) return;
      counts.crashed++;
      target.dispatchEvent(Object.assign(new Event('crash'), { error: cause }));
    },
  });

  /** @type {import('./by-message.js').On} */
  const on = {
    resolve,
    reject,
    end,
    giveUp,
    dispatch,
    again: putBack,
    ran(waited, ran) {
      waitMs.add(waited);
      runMs.add(ran);
    },
  };
  const direct = makeDirect(crew, on);
  const lanes =
    space.transport === 'shared' ? makeLanes(space, blocking, { ...on, did: crew.did }) : undefined;
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
    if (task.left) return;
    task.left = true;
    const { rare } = task;
    if (rare) {
      rare.unwatch?.();
      clearTimeout(rare.patience);
      rare.onLeft?.();
    }
    // Whoever waited for it may call again first.
    if (--live === 0) SOON.then(rest);
  }

  function rest() {
    if (live > 0 || !letGo) return;
    letGo();
    letGo = undefined;
    for (const wake of drained.splice(0)) wake();
    target.dispatchEvent(new Event('drain'));
  }

  /** @param {Task} task */
  function end(task) {
    leave(task);
    task.rare?.onGone?.();
  }

  /** To be started before all others of their priority. @param {Task[]} tasks */
  function putBack(tasks) {
    backlog.addFirst(tasks.filter(({ over }) => !over));
    for (const task of tasks) if (task.over) end(task);
    dispatch();
  }

  function dispatch() {
    const failure = crew.failure();
    if (failure) {
      for (const task of tasks()) {
        if (!takeBack(task)) continue;
        end(task);
        reject(task, failure);
      }
    } else if (lanes) {
      while (backlog.length() > 0 && lanes.hasRoom())
        lanes.submit(/** @type {Task} */ (backlog.take()));
      if (backlog.length() === 0) lanes.deepen();
      crew.need(live);
    } else {
      while (backlog.length() > 0) {
        const member = crew.take(backlog.length());
        if (!member) return;
        direct.begin(/** @type {Task} */ (backlog.take()), member);
      }
    }
  }

  /** @param {Task} task @returns {boolean} it has not begun, and does not any more */
  const takeBack = (task) => backlog.remove(task) || !!lanes?.withdraw(task);

  /** Nobody waits any more for what a worker runs. @param {Task} task */
  function giveUp(task, wait = grace) {
    if (task.left || task.rare?.patience !== undefined) return;
    const rare = task.rarely();
    rare.patience = setTimeout(
      () => {
        rare.patience = undefined;
        const member = lanes ? lanes.stop(task) : rare.member;
        if (!member) giveUp(task, RETRY);
        else {
          crew.dismiss(member);
          leave(task);
        }
      },
      Math.min(wait, LARGEST),
    );
    /** @type {any} */ (rare.patience).unref?.();
  }

  /** @param {Task} task @param {unknown} reason */
  function abort(task, reason) {
    reject(task, reason);
    if (takeBack(task)) {
      end(task);
      return;
    }
    if (lanes) lanes.cancel(task, reason);
    else task.rare?.abort?.abort(reason);
    giveUp(task);
  }

  /** This thread's clock, read once for all calls that are made in one go. */
  function time() {
    if (now === 0) {
      now = performance.now();
      SOON.then(forget);
    }
    return now;
  }

  function forget() {
    now = 0;
  }

  /** @param {Task} task @param {number} room calls that may wait */
  function enqueue(task, room) {
    const { name, args, options, priority } = task;
    if (typeof name !== 'string' || !Array.isArray(args)) {
      throw new TypeError('a call of a pool is a name and an array of arguments');
    }
    if (options !== NO_OPTIONS) {
      requireNumber('priority', priority, -Infinity);
      requireNumber('retry', task.retries, 0);
      requireWait(options);
    }
    if (closing) throw closing;
    const failure = crew.failure();
    if (failure) throw failure;
    if (live >= room + sizes.size) throw full(room);
    task.queuedAt = time();
    if (options !== NO_OPTIONS) task.watch((reason) => abort(task, reason));
    letGo ??= keepAlive();
    live++;
    if (lanes && backlog.length() === 0 && lanes.hasRoom() && priority <= lanes.lowest()) {
      lanes.submit(task);
      crew.need(live);
      return;
    }
    if (lanes && priority > lanes.lowest()) {
      backlog.addFirst(lanes.yieldTo(priority));
    }
    backlog.add(task);
    dispatch();
  }

  /** @param {string} name @param {unknown[]} args @param {CallOptions} [call] @returns {Promise<any>} */
  function run(name, args, call) {
    const task = new Task(name, args, call);
    return new Promise((resolve, reject) => {
      task.resolve = resolve;
      task.reject = reject;
      enqueue(task, maxQueue);
    });
  }

  /** @param {string} name @param {unknown[]} args @param {CallOptions} call @returns {import('./parallel.js').Part} */
  function part(name, args, call) {
    const task = new Task(name, args, call);
    /** @type {Promise<void>} */
    const left = new Promise((resolve) => {
      task.rarely().onLeft = resolve;
    });
    /** @type {Promise<void>} */
    const gone = new Promise((resolve) => {
      task.rarely().onGone = resolve;
    });
    const promise = new Promise((resolve, reject) => {
      task.resolve = resolve;
      task.reject = reject;
      try {
        enqueue(task, Infinity);
      } catch (error) {
        task.rare?.onLeft?.();
        task.rare?.onGone?.();
        throw error;
      }
    });
    const withdraw = () => {
      if (!takeBack(task)) return;
      end(task);
      resolve(task, undefined);
    };
    return { promise, left, gone, withdraw };
  }

  /** @param {string} name @param {any} items @param {CallOptions} [call] @returns {AsyncIterableIterator<any>} */
  const map = (name, items, call = {}) => mapOver(run, name, items, call, 2 * sizes.size);

  /** Those that wait or run. @returns {Task[]} */
  const tasks = () => [...backlog.all(), ...(lanes ?? crew).tasks()];

  /** @param {import('../loader/wait.js').Wait} [wait] */
  async function close(wait) {
    closing ??= new SluiceError('closed', 'the pool is closed');
    try {
      if (live > 0) {
        await within(new Promise((resolve) => drained.push(resolve)), wait, 'close()');
      }
    } finally {
      const left = tasks();
      if (blocking) lanes?.rouse();
      const ended = crew.close();
      for (const task of left) {
        takeBack(task);
        reject(task, closing);
      }
      await ended;
      left.forEach(end);
      lanes?.free();
    }
  }

  function stats() {
    const { queued, busy } = lanes?.figures() ?? { queued: 0, busy: crew.busy() };
    return {
      size: crew.size(),
      busy,
      queued: backlog.length() + queued,
      ...counts,
      waitMs: waitMs.read(),
      runMs: runMs.read(),
    };
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
      ) => parallelOver(space, sizes.size, part, entry, count, args, call),
      call: makeRemote({
        call: (name, args, call) => answerOf(run(name, args, call), name),
        options: {},
      }),
      stats,
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

/** @param {Task} task @param {unknown} cause */
const workerEnded = ({ name }, cause) =>
  new SluiceError(
    'peer-lost',
    `the worker that ran ${name}() has ended; pass retry where it may run twice`,
    { cause },
  );

/** @param {Task} task */
const spaceClosed = ({ name }) =>
  new SluiceError('closed', `the space was closed while ${name}() ran`);

/** @param {PoolOptions} options */
function requireSizes({ size, minSize = 0, idleTimeout = IDLE }) {
  const most = size ?? Math.min(Math.max(cores() - 1, 1), 64);
  requireNumber('size', most, 1, LARGEST);
  requireNumber('minSize', minSize, 0, most);
  requireNumber('idleTimeout', idleTimeout, 0);
  return { size: most, minSize, idleTimeout };
}
