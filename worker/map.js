/** A function over many items, so many at once as keep a pool busy. */

import { EACH } from './runner.js';

/**
 * @param {{run(name: any, args: any, options?: any): Promise<any>}} pool
 * @param {string} name
 * @param {Iterable<unknown> | AsyncIterable<unknown>} items
 * @param {import('./caller.js').CallOptions & {ordered?: boolean, chunk?: number}} options
 * @param {number} window calls that may be under way or wait to be taken
 */
export async function* mapOver(pool, name, items, options, window) {
  const { ordered = true, chunk = 1, ...call } = options;
  const abort = new AbortController();
  const signal = call.signal ? AbortSignal.any([call.signal, abort.signal]) : abort.signal;
  const chunks = chunksOf(items, chunk);
  /** @type {Set<Promise<{results: unknown[], self: () => Promise<any>}>>} */
  const running = new Set();
  let ended = false;
  try {
    while (!ended || running.size > 0) {
      while (!ended && running.size < window) {
        const { done, value } = await chunks.next();
        if (done) {
          ended = true;
          break;
        }
        const work =
          chunk === 1
            ? pool.run(name, value, { ...call, signal }).then((result) => [result])
            : pool.run(EACH, [name, value], { ...call, signal });
        /** @type {Promise<{results: unknown[], self: () => Promise<any>}>} */
        const one = work.then((results) => ({ results, self: () => one }));
        one.catch(() => {}); // told below, or nobody asks any more
        running.add(one);
      }
      if (running.size === 0) break;
      const [first] = running;
      const { results, self } = await (ordered ? first : Promise.race(running));
      running.delete(self());
      yield* results;
    }
  } finally {
    abort.abort();
    await chunks.return?.(undefined);
  }
}

/** @param {Iterable<unknown> | AsyncIterable<unknown>} items @param {number} size */
async function* chunksOf(items, size) {
  /** @type {unknown[]} */
  let chunk = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * The same as a stream in and a stream out.
 *
 * @param {{map(name: any, items: AsyncIterable<any>, options?: any): AsyncIterableIterator<any>}} pool
 * @param {string} name
 * @param {import('./caller.js').CallOptions} options
 */
export function streamOver(pool, name, options) {
  /** @type {TransformStream<any, any>} */
  const { readable: input, writable } = new TransformStream();
  const results = pool.map(name, valuesOf(input), options);
  const readable = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await results.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await results.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { readable, writable };
}

/** WebKit's streams cannot be iterated. @param {ReadableStream<any>} stream */
async function* valuesOf(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
