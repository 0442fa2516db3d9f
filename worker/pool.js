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
 * }} PoolStats
 */

/**
 * @template {Api} A
 * @typedef {EventTarget & {
 *   readonly call: import('./connect.js').Remote<A>,
 *   run<K extends keyof A & string>(name: K, args: Parameters<A[K]>, options?: CallOptions): Promise<Awaited<ReturnType<A[K]>>>,
 *   map<K extends keyof A & string>(name: K, items: Iterable<Parameters<A[K]>[0]> | AsyncIterable<Parameters<A[K]>[0]>, options?: CallOptions & {ordered?: boolean, chunk?: number}): AsyncIterableIterator<Awaited<ReturnType<A[K]>>>,
 *   through<K extends keyof A & string>(name: K, options?: CallOptions): {readable: ReadableStream<Awaited<ReturnType<A[K]>>>, writable: WritableStream<Parameters<A[K]>[0]>},
 *   stats(): PoolStats, close(wait?: import('../loader/wait.js').Wait): Promise<void>, [Symbol.asyncDispose](): Promise<void>,
 * }} Pool events: "crash" (its `error`: what happened) and "drain" (there is nothing left to do)
 */

import { ASYNC_DISPOSE } from '../loader/dispose.js';
import { SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { limit, watch, within } from '../loader/wait.js';
import { makeBacklog } from './backlog.js';
import { makeCrew } from './crew.js';
import { mapOver, streamOver } from './map.js';
import { makeSpread } from './spread.js';

const IDLE = 30_000;
const GRACE = 1000;

/**
 * A pool of workers on `space`, whose scripts call serve(). They start when they are needed.
 *
 * @template {Api} A
 * @param {import('../loader/space.js').Space} space
 * @param {() => Worker} make
 * @param {PoolOptions} [options]
 * @returns {Pool<A>}
 */
export function pool(space, make, options = {}) {
  inside(space);
  const { maxQueue = Infinity, grace = GRACE } = options;
  const sizes = requireSizes(options);

  /**
   * @typedef {{
   *   name: string, args: unknown[], options: CallOptions, retries: number, queuedAt: number,
   *   resolve(value: unknown): void, reject(reason: unknown): void, over: boolean,
   *   abort?: AbortController,
   * }} Task
   */
  /** @type {ReturnType<typeof makeBacklog<Task>>} */
  const backlog = makeBacklog();
  const waitMs = makeSpread();
  const runMs = makeSpread();
  const counts = { completed: 0, failed: 0, crashed: 0 };
  let open = 0; // calls that have not ended
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
        finish(task, () => task.reject(new SluiceError('peer-lost', text, { cause })));
      }
      counts.crashed++;
      target.dispatchEvent(Object.assign(new Event('crash'), { error: cause }));
    },
    failed(error) {
      for (let task = backlog.take(); task; task = backlog.take()) {
        const one = task;
        finish(one, () => one.reject(error));
      }
    },
  });
  crew.warm();

  /** @param {Task} task @param {() => void} settle */
  function finish(task, settle) {
    if (task.over) return;
    task.over = true;
    settle();
    if (--open > 0) return;
    for (const resolve of drained.splice(0)) resolve();
    target.dispatchEvent(new Event('drain'));
  }

  function dispatch() {
    while (backlog.length > 0) {
      const member = crew.take(backlog.length);
      if (!member) {
        if (crew.failure) fail();
        return;
      }
      begin(/** @type {Task} */ (backlog.take()), member);
    }
  }

  function fail() {
    for (let task = backlog.take(); task; task = backlog.take()) {
      const one = task;
      finish(one, () => one.reject(crew.failure));
    }
  }

  /** @param {Task} task @param {import('./crew.js').Member} member */
  async function begin(task, member) {
    const began = performance.now();
    waitMs.add(began - task.queuedAt);
    member.task = task;
    task.abort = new AbortController();
    const { transfer } = task.options;
    const ended = () => {
      crew.giveBack(member);
      dispatch();
    };
    try {
      const { signal } = task.abort;
      const value = await member.connection.call(task.name, task.args, {
        transfer,
        signal,
        onSettled: ended,
      });
      runMs.add(performance.now() - began);
      finish(task, () => {
        counts.completed++;
        task.resolve(value);
      });
    } catch (error) {
      // Of a worker that has ended, `lost` tells.
      if (member.connection.ended) return;
      if (task.over) {
        dismissLater(member, task);
        return;
      }
      counts.failed++;
      finish(task, () => task.reject(error));
    }
  }

  /** The call was given up; its worker may go on with it for some time. */
  /** @param {import('./crew.js').Member} member @param {Task} task */
  function dismissLater(member, task) {
    setTimeout(() => {
      if (member.task === task) crew.dismiss(member);
    }, grace);
  }

  /** @type {Pool<A>} */
  const made = Object.assign(
    target,
    /** @type {any} */ ({
      run(
        /** @type {string} */ name,
        /** @type {unknown[]} */ args,
        /** @type {CallOptions} */ call = {},
      ) {
        return new Promise((resolve, reject) => {
          call.signal?.throwIfAborted();
          limit(call.timeout);
          if (closing) throw closing;
          if (crew.failure) throw crew.failure;
          if (backlog.length >= maxQueue) throw full(maxQueue);
          /** @type {Task} */
          const task = {
            name,
            args,
            options: call,
            retries: call.retry ?? 0,
            queuedAt: performance.now(),
            over: false,
            resolve(value) {
              stop();
              resolve(value);
            },
            reject(reason) {
              stop();
              reject(reason);
            },
          };
          open++;
          backlog.add(task, call.priority ?? 0);
          const stop = watch(call, `${name}()`, (reason) => {
            backlog.remove(task);
            counts.failed++;
            finish(task, () => reject(reason));
            task.abort?.abort(reason);
          });
          dispatch();
        });
      },

      map: (/** @type {string} */ name, /** @type {any} */ items, /** @type {any} */ call = {}) =>
        mapOver(made, name, items, call, 2 * sizes.size),
      through: (/** @type {string} */ name, /** @type {CallOptions} */ call = {}) =>
        streamOver(made, name, call),

      call: new Proxy(Object.create(null), {
        get: (_target, name) =>
          typeof name !== 'string' || name === 'then'
            ? undefined
            : (/** @type {any[]} */ ...args) => made.run(name, /** @type {any} */ (args)),
      }),

      stats: () => ({
        size: crew.size,
        busy: crew.busy,
        queued: backlog.length,
        ...counts,
        waitMs: waitMs.read(),
        runMs: runMs.read(),
      }),

      async close(/** @type {import('../loader/wait.js').Wait | undefined} */ wait) {
        closing ??= new SluiceError('closed', 'the pool is closed');
        try {
          if (open > 0) {
            await within(
              new Promise((resolve) => drained.push(() => resolve(undefined))),
              wait,
              'close()',
            );
          }
        } finally {
          const running = crew.close();
          for (let task = backlog.take(); task; task = backlog.take()) {
            const one = task;
            finish(one, () => one.reject(closing));
          }
          await running;
        }
      },
      [ASYNC_DISPOSE]: () => made.close(),
    }),
  );
  return made;
}

/** @param {number} most */
const full = (most) =>
  new SluiceError(
    'full',
    `${most} calls of this pool wait already, its maxQueue: wait for "drain"`,
  );

/** @param {PoolOptions} options */
function requireSizes({ size, minSize = 0, idleTimeout = IDLE }) {
  const cores = Math.min(Math.max(globalThis.navigator?.hardwareConcurrency ?? 2, 1), 64);
  const most = size ?? Math.max(1, cores - 1);
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
