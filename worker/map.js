/** A function over many items, so many at once as keep a pool busy. */

import { LARGEST, requireNumber } from '../loader/options.js';
import { EACH } from './builtins.js';
import { transfer, transfersOf } from './marks.js';

/**
 * Takes no more than `window` chunks before their results have been taken.
 *
 * @param {(name: string, args: unknown[], options: import('./caller.js').CallOptions) => Promise<any>} run
 * @param {string} name
 * @param {Iterable<unknown> | AsyncIterable<unknown>} items
 * @param {import('./caller.js').CallOptions & {ordered?: boolean, chunk?: number}} options
 * @param {number} window calls that may be under way or wait to be taken
 */
export async function* mapOver(run, name, items, options, window) {
  const { ordered = true, chunk = 1, signal: outer, ...rest } = options;
  requireNumber('chunk', chunk, 1, LARGEST);
  outer?.throwIfAborted();
  const abort = new AbortController();
  const { signal } = abort;
  const forward = () => abort.abort(outer?.reason);
  outer?.addEventListener('abort', forward);

  const source = chunksOf(items, chunk);
  let reading = false;
  let ended = false;
  /** Those under way, and those whose results have not been taken.
   * @type {Set<{results: Promise<unknown[]>, settled: boolean}>} */
  const calls = new Set();
  /** @type {{reason: unknown} | undefined} */
  let failure;
  /** Something has changed. Not a race of promises: one that stays pending would keep what each race has given. */
  let wake = () => {};
  signal.addEventListener('abort', () => fail(signal.reason));

  /** @param {unknown} reason */
  function fail(reason) {
    failure ??= { reason };
    wake();
  }

  /** @param {unknown[]} args */
  function start(args) {
    const results =
      chunk === 1
        ? run(name, args, { ...rest, signal }).then((result) => [result])
        : run(EACH, [name, transfer(args, args.flatMap(transfersOf))], { ...rest, signal });
    const call = { results, settled: false };
    calls.add(call);
    const settle = () => {
      call.settled = true;
      wake();
    };
    results.then(settle, settle);
  }

  async function read() {
    reading = true;
    try {
      const args = await source.next();
      if (!args) ended = true;
      else if (!signal.aborted) start(args);
    } catch (error) {
      fail(error);
    }
    reading = false;
    wake();
  }

  try {
    for (;;) {
      if (!failure && !ended && !reading && calls.size < window) read();
      const [first] = calls;
      const next = ordered ? first : [...calls].find(({ settled }) => settled);
      // What is there already comes first.
      if (failure && !next?.settled) throw failure.reason;
      if (next?.settled) {
        calls.delete(next);
        yield* await next.results;
      } else if (ended && calls.size === 0) {
        return;
      } else {
        await /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            wake = resolve;
          })
        );
      }
    }
  } finally {
    outer?.removeEventListener('abort', forward);
    abort.abort();
    source.stop();
  }
}

/** @param {Iterable<unknown> | AsyncIterable<unknown>} items @param {number} size */
function chunksOf(items, size) {
  const from = /** @type {any} */ (items);
  /** @type {Iterator<unknown> | AsyncIterator<unknown>} */
  const iterator = (from[Symbol.asyncIterator] ?? from[Symbol.iterator]).call(items);
  let ended = false;
  return {
    /** @returns {Promise<unknown[] | undefined>} */
    async next() {
      /** @type {unknown[]} */
      const chunk = [];
      while (!ended && chunk.length < size) {
        const { done, value } = await iterator.next();
        if (done) ended = true;
        else chunk.push(await value);
      }
      return chunk.length > 0 ? chunk : undefined;
    },
    /** Nobody wants more; it may still be making one. */
    async stop() {
      if (ended) return;
      ended = true;
      try {
        await iterator.return?.();
      } catch {} // nobody is left to hear of it
    },
  };
}

/**
 * The same as a stream in and a stream out.
 *
 * @param {(items: AsyncIterable<unknown>) => AsyncIterableIterator<any>} map
 */
export function streamOver(map) {
  /** @type {TransformStream<any, any>} */
  const { readable: input, writable } = new TransformStream();
  const reader = input.getReader();
  // Not the stream's own iterator, which WebKit does not have.
  /** @type {AsyncIterableIterator<any>} */
  const items = {
    next: () => /** @type {Promise<any>} */ (reader.read()),
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => items,
  };
  const results = map(items);
  const readable = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await results.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await results.return?.();
        await items.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { readable, writable };
}
