/**
 * An async iterable of the other thread: what has come of it, and who waits for more.
 *
 * @typedef {{
 *   readonly iterator: AsyncIterableIterator<any>,
 *   push(value: unknown): void, end(error?: unknown): void,
 * }} Iteration
 */

import { keepAlive } from '#platform';
import { WINDOW } from './protocol.js';

/**
 * @param {(count: number) => void} more asks for so many values
 * @param {() => void} stop
 * @returns {Iteration}
 */
export function makeIteration(more, stop) {
  /** @type {unknown[]} */
  const values = [];
  /** @type {{resolve: (result: IteratorResult<any>) => void, reject: (reason: unknown) => void}[]} */
  const waiting = [];
  let taken = 0;
  let ended = false;
  /** @type {{error: unknown} | undefined} */
  let failure;

  const done = () => /** @type {IteratorResult<any>} */ ({ done: true, value: undefined });

  function took() {
    if (++taken < WINDOW / 2 || ended) return;
    more(taken);
    taken = 0;
  }

  /** @type {AsyncIterableIterator<any>} */
  const iterator = {
    async next() {
      if (values.length > 0) {
        took();
        return { done: false, value: values.shift() };
      }
      if (failure) {
        const { error } = failure;
        failure = undefined;
        throw error;
      }
      if (ended) return done();
      const letGo = keepAlive();
      /** @type {Promise<IteratorResult<any>>} */
      const result = new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      return result.finally(letGo);
    },
    async return() {
      values.length = 0;
      failure = undefined;
      if (!ended) stop();
      iteration.end();
      return done();
    },
    [Symbol.asyncIterator]: () => iterator,
  };

  /** @type {Iteration} */
  const iteration = {
    iterator,
    push(value) {
      const one = waiting.shift();
      if (!one) values.push(value);
      else {
        took();
        one.resolve({ done: false, value });
      }
    },
    end(error) {
      if (ended) return;
      ended = true;
      const [first, ...rest] = waiting.splice(0);
      if (error === undefined) first?.resolve(done());
      else if (first) first.reject(error);
      else failure = { error };
      for (const one of rest) one.resolve(done());
    },
  };
  return iteration;
}
