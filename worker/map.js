/** A function over many items, so many at once as keep a pool busy. */

import { LARGEST, requireNumber } from '../loader/number.js';
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
  /** @type {Promise<never>} */
  const aborted = new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  aborted.catch(() => {});

  /** @typedef {{done(): void}} Step what there is to do next */
  const source = chunksOf(items, chunk);
  /** @type {Promise<Step> | undefined} */
  let reading;
  let ended = false;
  /** @type {Set<Promise<Step>>} */
  const running = new Set();
  /** @type {unknown[] | undefined} */
  let results;

  /** @param {unknown[]} args */
  function start(args) {
    const work =
      chunk === 1
        ? run(name, args, { ...rest, signal }).then((result) => [result])
        : run(EACH, [name, transfer(args, args.flatMap(transfersOf))], { ...rest, signal });
    /** @type {Promise<Step>} */
    const one = work.then((values) => ({
      done() {
        running.delete(one);
        results = values;
      },
    }));
    one.catch(() => {}); // told below, or nobody asks any more
    running.add(one);
  }

  function read() {
    const one = source.next().then((args) => ({
      done() {
        reading = undefined;
        if (args) start(args);
        else ended = true;
      },
    }));
    one.catch(() => {});
    return one;
  }

  try {
    for (;;) {
      if (!ended && !reading && running.size < window) reading = read();
      const [first] = running;
      const calls = ordered && first ? [first] : running;
      const steps = reading ? [...calls, reading] : [...calls];
      if (steps.length === 0) return;
      (await Promise.race([...steps, aborted])).done();
      if (!results) continue;
      yield* results;
      results = undefined;
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
