/**
 * Workers that share a state: a pool of the SDK on its space. A function cannot cross threads without
 * `unsafe-eval`, so what they run has a name: that of a function that their file serves
 * (`serveProcessors`), or a module's address and the name of an export.
 *
 * @typedef {{
 *   state?: SharedMemoryState, make?: () => Worker, bytes?: number,
 * } & import('./state.js').StateOptions & Omit<import('sluice').PoolOptions, 'size'>} WorkerPoolOptions
 *   `state`: the pool's own by default, of so many `bytes`; `make`: a worker of one's own
 */

import { pool } from 'sluice';
import { nameOf } from './names.js';
import { SharedMemoryState } from './state.js';
import { startProcessor } from './workers.js';

export class SharedMemoryWorkerPool {
  /** @type {boolean} */
  #ownsState;
  /** @type {Promise<import('sluice').Pool<import('sluice').Api>>} */
  #pool;

  /**
   * @param {number} [count] workers at most: one less than there are cores by default. They start when
   *   they are needed
   * @param {WorkerPoolOptions} [options]
   */
  constructor(count, { state, make = startProcessor, bytes, transport, fallback, ...rest } = {}) {
    this.#ownsState = state === undefined;
    this.state = state ?? new SharedMemoryState(bytes, { transport, fallback });
    this.#pool = this.#start(make, { ...rest, size: count });
    this.#pool.catch(() => {}); // told by each call
  }

  /** @param {() => Worker} make @param {import('sluice').PoolOptions} options */
  async #start(make, options) {
    await this.state.ready;
    return pool(this.state.space, make, options);
  }

  /**
   * Runs the processor for each item, in as many workers as there are; items wait in a queue. It reads
   * in the state what was committed before this call.
   *
   * @param {Iterable<unknown>} items
   * @param {import('./names.js').ProcessorName} processor
   * @param {import('sluice').CallOptions} [options] of each call: signal, timeout, retry, priority
   * @returns {Promise<PromiseSettledResult<any>[]>} one an item, in the order of the items: its value, or
   *   the reason why it has none
   */
  async processInParallel(items, processor, options) {
    const [name, ...more] = nameOf(processor);
    const all = [...items];
    const workers = await this.#pool;
    const batch = Math.random();
    return Promise.allSettled(
      all.map((item) => workers.run(name, [item, batch, ...more], options)),
    );
  }

  async stats() {
    return (await this.#pool).stats();
  }

  /** When all calls have ended, or at the end of the wait. @param {import('sluice').Wait} [wait] */
  async close(wait) {
    const workers = await this.#pool.catch(() => undefined);
    try {
      await workers?.close(wait);
    } finally {
      if (this.#ownsState) await this.state.close();
    }
  }
}
