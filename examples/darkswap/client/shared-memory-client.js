/**
 * The same client with its book in workers: over shared memory where threads may share it, over messages
 * where not.
 */

import { isSharedMemorySupported, preloadWasmModuleWithSharedMemory } from 'sluice/loader';
import { startExchange } from '../pipeline/exchange.js';
import { DarkSwapClient, MEMORY, ORDERS } from './client.js';
import { ENGINE, openEngine } from './engine.js';
import { invalid } from './errors.js';
import { pair } from './running.js';

/**
 * @typedef {import('../pipeline/exchange.js').Exchange} Exchange
 * @typedef {{verifiers?: number, fallback?: 'message' | 'throw'}} ThreadOptions `verifiers`: workers that
 *   verify (1 to 64; one less than there are cores); `fallback`: 'throw' is INITIALIZATION_FAILED where
 *   memory cannot be shared, as without the headers that isolate a page
 */

export class SharedMemoryDarkSwapClient extends DarkSwapClient {
  #url;
  #memory;
  #options;
  #verifiers;
  /** @type {{space: import('sluice').Space, exchange: Exchange} | undefined} */
  #running;

  /**
   * @param {string | URL} [wasmUrl]
   * @param {import('./engine.js').MemoryOptions} [memory] pages of 64 KiB
   * @param {ThreadOptions} [options]
   */
  constructor(wasmUrl = ENGINE, memory = MEMORY, options = {}) {
    super();
    const { verifiers = cores() - 1, ...others } = options;
    if (!Number.isInteger(verifiers) || verifiers < 0 || verifiers > 64) {
      invalid(`verifiers is ${String(verifiers)}, and has to be from 1 to 64`);
    }
    this.#url = wasmUrl;
    this.#memory = memory;
    this.#verifiers = Math.max(1, verifiers);
    this.#options = others;
  }

  /** @override */
  async initialize(wasmUrl = this.#url) {
    await super.initialize(wasmUrl);
  }

  /** Fetches and compiles the engine for later. */
  preload() {
    preloadWasmModuleWithSharedMemory(this.#url, undefined, this.#memory);
  }

  /** Whether threads can share memory here. */
  isSharedMemorySupported() {
    return isSharedMemorySupported();
  }

  /** How far messages have come, how long that took, how the workers are, and how full the queues. */
  health() {
    return this.#started().exchange.stats();
  }

  /**
   * How much is offered at which price, at once and without asking a worker.
   *
   * @param {import('./types.js').Asset} baseAsset
   * @param {import('./types.js').Asset} quoteAsset
   */
  depth(baseAsset, quoteAsset) {
    return this.#started().exchange.depth(pair(baseAsset, quoteAsset));
  }

  /** Where its threads meet: who attaches may gossip, listen to events and read prices (../pipeline/wiring.js). */
  get space() {
    return this.#started().space;
  }

  /** @protected @override @param {string | URL} wasmUrl */
  openSpace(wasmUrl) {
    return openEngine(wasmUrl, this.#memory, this.#options);
  }

  /** @protected @override @param {import('sluice').Space} space @param {import('./running.js').MarketOptions} options */
  async openMarket(space, options) {
    const workers = this.#verifiers;
    const exchange = await startExchange(space, {
      ...options,
      workers,
      orders: ORDERS,
      stays: true,
    });
    this.#running = { space, exchange };
    const lost = exchange.done.then(
      () => new Promise(() => {}),
      (error) => error,
    );
    const close = () => {
      exchange.stop();
      return exchange.done.catch(() => {});
    };
    return { market: exchange, lost, close };
  }

  #started() {
    this.stats(); // throws where it was not
    return /** @type {{space: import('sluice').Space, exchange: Exchange}} */ (this.#running);
  }
}

const cores = () => Math.min(64, Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 2));
