/**
 * DarkSwap's client: a wallet, a book that all peers' orders are in, and swaps with them. Here the book
 * is in this thread; SharedMemoryDarkSwapClient has workers for it.
 *
 * @typedef {import('./types.js').Asset} Asset
 * @typedef {import('./types.js').Config} Config
 * @typedef {import('./types.js').Order} Order
 * @typedef {import('./types.js').Trade} Trade
 * @typedef {import('sluice').Space} Space
 * @typedef {{
 *   wallet: import('./wallet.js').Wallet, coins: import('./coins.js').Coins, feeRate: number,
 *   now: () => number, chosen: boolean,
 * }} Account `chosen`: create() was called
 */

import { openAlone } from '../pipeline/alone.js';
import { positive, shown, U64_MAX } from './amounts.js';
import { checkedAsset, checkedPair } from './assets.js';
import { makeCoins } from './coins.js';
import { ENGINE, openEngine } from './engine.js';
import { coded, DarkSwapError, invalid } from './errors.js';
import { makeListeners } from './events.js';
import { newOrder } from './messages.js';
import { run } from './running.js';
import { AssetType, OrderSide } from './types.js';
import { makeWallet } from './wallet.js';

/** 1 MiB, and 16 at most. */
export const MEMORY = Object.freeze({ initial: 16, maximum: 256 });

/** Orders that a client's book keeps. */
export const ORDERS = 4096;

export class DarkSwapClient {
  #listeners = makeListeners();
  /** @type {Promise<void> | undefined} */
  #loading;
  #loaded = false;
  /** @type {string | URL} */
  #wasm = ENGINE;
  /** Until start() uses it. @type {Space | undefined} */
  #space;
  /** @type {Account | undefined} */
  #account;
  /** @type {import('./running.js').Running | undefined} */
  #running;
  #stopped = false;
  /** start() and stop() go one after the other. @type {Promise<unknown>} */
  #turn = Promise.resolve();

  /**
   * Loads the engine. A regtest wallet with a fresh key is there from now on, until create() makes another.
   *
   * @param {string | URL} [wasmPath]
   */
  async initialize(wasmPath = ENGINE) {
    this.#loading ??= coded('INITIALIZATION_FAILED', 'the client did not initialize', async () => {
      if (typeof wasmPath !== 'string' && !(wasmPath instanceof URL)) {
        invalid(`wasmPath is ${shown(wasmPath)}, and has to be a URL`);
      }
      this.#space = await this.openSpace(wasmPath);
      this.#wasm = wasmPath;
      this.#account ??= await open({}, false);
      this.#loaded = true;
    });
    try {
      await this.#loading;
    } catch (error) {
      this.#loading = undefined; // another path may be right
      throw error;
    }
  }

  /**
   * Another wallet than the fresh one, once, before start().
   *
   * @param {Config} config
   */
  async create(config) {
    this.#initialized();
    if (typeof config !== 'object' || config === null) {
      invalid(`create() takes a configuration, and not ${shown(config)}`);
    }
    const refuse = () => {
      if (!this.#account?.chosen && !this.#running && !this.#stopped) return;
      const why = this.#account?.chosen ? 'create() was called already' : 'the client was started';
      throw new DarkSwapError(
        'DARKSWAP_CREATION_FAILED',
        `${why}: another wallet needs another client`,
      );
    };
    refuse();
    const account = await coded('DARKSWAP_CREATION_FAILED', 'no wallet was created', () =>
      open(config, true),
    );
    refuse(); // two at a time: the first has it
    this.#account = account;
  }

  /** Opens the book. */
  async start() {
    this.#initialized();
    await this.#inTurn(() =>
      coded('DARKSWAP_START_FAILED', 'the client did not start', async () => {
        if (this.#running) return;
        const account = /** @type {Account} */ (this.#account);
        this.#running = await run((options) => this.#open(options), account, this.#listeners.tell);
        this.#stopped = false;
      }),
    );
  }

  /** Leaves the peers and closes the book. Again: nothing. */
  async stop() {
    this.#initialized();
    await this.#inTurn(() =>
      coded('DARKSWAP_STOP_FAILED', 'the client did not stop', async () => {
        const running = this.#running;
        this.#running = undefined;
        this.#stopped = true;
        await running?.close();
        await this.#space?.close();
        this.#space = undefined;
      }),
    );
  }

  /** @param {import('./events.js').Listener} listener */
  addEventListener(listener) {
    this.#listeners.add(listener);
  }

  /** @param {import('./events.js').Listener} listener */
  removeEventListener(listener) {
    this.#listeners.remove(listener);
  }

  async getAddress() {
    return this.#live().wallet.address;
  }

  /** Sats of coins that carry nothing else. @returns {Promise<string>} */
  async getBalance() {
    return String(this.#live().coins.balance({ type: AssetType.Bitcoin }));
  }

  /** @param {Asset} asset @returns {Promise<string>} */
  async getAssetBalance(asset) {
    return String(this.#live().coins.balance(checkedAsset(asset, 'the asset')));
  }

  /**
   * @param {Asset} baseAsset
   * @param {Asset} quoteAsset
   * @param {number} side
   * @param {string} amount atoms of the base asset
   * @param {string} price atoms of the quote asset for one of the base asset
   * @param {string} makerAddress this wallet's
   * @param {number} expirySeconds from now
   * @returns {Promise<Order>} as it is in the book; it may have traded already
   */
  async createOrder(baseAsset, quoteAsset, side, amount, price, makerAddress, expirySeconds) {
    const { wallet } = this.#live();
    const running = this.#started();
    const { base, quote } = checkedPair(baseAsset, quoteAsset);
    if (side !== OrderSide.Buy && side !== OrderSide.Sell) {
      invalid(`side is ${String(side)}: there are 0 Buy and 1 Sell`);
    }
    const [atoms, each] = [positive(amount, 'amount'), positive(price, 'price')];
    if (atoms * each > U64_MAX) {
      invalid(`${amount} at a price of ${price} is beyond 2^64-1: make two orders of it`);
    }
    if (makerAddress !== wallet.address) {
      invalid(
        `makerAddress is ${shown(makerAddress)}, and has to be this wallet's, ${wallet.address}`,
      );
    }
    if (!Number.isFinite(expirySeconds) || expirySeconds <= 0 || expirySeconds > 2 ** 32) {
      invalid(`expirySeconds is ${String(expirySeconds)}, and has to be above 0, 2^32 at most`);
    }
    return coded('ORDER_CREATION_FAILED', 'the order was not created', () => {
      const stamp = running.stamp();
      const expiry = stamp.timestamp + Math.max(1, Math.round(1000 * expirySeconds));
      const about = { side, ...stamp, expiry };
      return running.create(
        newOrder(wallet, { ...about, amount: atoms, price: each, base, quote }),
      );
    });
  }

  /** @param {string} orderId */
  async cancelOrder(orderId) {
    const running = this.#started();
    const id = checkedId(orderId);
    await coded('ORDER_CANCELLATION_FAILED', `order ${orderId} was not cancelled`, () =>
      running.cancel(id),
    );
  }

  /** @param {string} orderId @returns {Promise<Order>} */
  async getOrder(orderId) {
    const running = this.#started();
    const id = checkedId(orderId);
    return coded('ORDER_RETRIEVAL_FAILED', `order ${orderId} was not found`, () =>
      running.order(id),
    );
  }

  /**
   * The open orders of a pair: first who buys, then who sells, each as they would trade.
   *
   * @param {Asset} baseAsset
   * @param {Asset} quoteAsset
   * @returns {Promise<Order[]>}
   */
  async getOrders(baseAsset, quoteAsset) {
    const running = this.#started();
    const { base, quote } = checkedPair(baseAsset, quoteAsset);
    return coded('ORDERS_RETRIEVAL_FAILED', 'the orders were not found', () =>
      running.orders(base, quote),
    );
  }

  /**
   * Swaps with the order's maker, in regtest. Nothing is broadcast.
   *
   * @param {string} orderId
   * @param {string} amount atoms of the base asset
   * @returns {Promise<Trade>}
   */
  async takeOrder(orderId, amount) {
    const running = this.#started();
    checkedId(orderId);
    const atoms = positive(amount, 'amount');
    return coded('TRADE_CREATION_FAILED', `order ${orderId} was not taken`, () =>
      running.take(orderId, atoms),
    );
  }

  /**
   * @param {Asset} baseAsset
   * @param {Asset} quoteAsset
   * @returns {Promise<import('./types.js').BestBidAsk>}
   */
  async getBestBidAsk(baseAsset, quoteAsset) {
    const running = this.#started();
    const { base, quote } = checkedPair(baseAsset, quoteAsset);
    return coded('MARKET_DATA_FAILED', 'the best prices were not found', () =>
      running.best(base, quote),
    );
  }

  /**
   * Links this client to another, at the other end of peerLink().
   *
   * @param {import('./peers.js').LinkEnd} end
   * @returns {Promise<string>} the peer's id
   */
  async connectPeer(end) {
    const running = this.#started();
    return coded('UNKNOWN_ERROR', 'the peer did not answer', () => running.connect(end));
  }

  /** Where the book is: 'none' in this thread, else how its workers are reached. */
  get transport() {
    return this.#started().market.transport;
  }

  /** What came from peers, and what became of it. */
  stats() {
    return this.#started().stats();
  }

  /** For a subclass to do its own way. @protected @param {string | URL} wasmPath @returns {Promise<Space>} */
  openSpace(wasmPath) {
    return openEngine(wasmPath, MEMORY);
  }

  /**
   * @protected
   * @param {Space} space
   * @param {import('./running.js').MarketOptions} options
   * @returns {Promise<import('./running.js').Opened>}
   */
  async openMarket(space, options) {
    const market = openAlone(space, { ...options, orders: ORDERS });
    return { market, close: async () => market.stop() };
  }

  /** @param {import('./running.js').MarketOptions} options */
  async #open(options) {
    // That which was made to see whether the engine is there, or another.
    const space = this.#space ?? (await this.openSpace(this.#wasm));
    this.#space = undefined;
    try {
      const { close, ...opened } = await this.openMarket(space, options);
      return { ...opened, close: () => close().finally(() => space.close()) };
    } catch (error) {
      await space.close();
      throw error;
    }
  }

  #initialized() {
    if (!this.#loaded) {
      throw new DarkSwapError(
        'NOT_INITIALIZED',
        'the client is not initialized: await initialize()',
      );
    }
  }

  #live() {
    this.#initialized();
    if (this.#stopped) {
      throw new DarkSwapError('NOT_INITIALIZED', 'the client was stopped: await start() again');
    }
    return /** @type {Account} */ (this.#account);
  }

  #started() {
    this.#live();
    if (!this.#running) {
      throw new DarkSwapError('NOT_INITIALIZED', 'the client was not started: await start()');
    }
    return this.#running;
  }

  /** @template T @param {() => Promise<T>} step @returns {Promise<T>} */
  #inTurn(step) {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** @param {Config} config @param {boolean} chosen @returns {Promise<Account>} */
async function open(config, chosen) {
  const { feeRate = 1, now = Date.now, coins } = config;
  if (!Number.isFinite(feeRate) || feeRate < 0 || feeRate > 10_000) {
    invalid(
      `feeRate is ${String(feeRate)}, and has to be from 0 to 10,000 sats for a virtual byte`,
    );
  }
  if (typeof now !== 'function') invalid('now has to be a function, as Date.now is');
  return { wallet: await makeWallet(config), coins: makeCoins(coins), feeRate, now, chosen };
}

/** @param {unknown} id */
function checkedId(id) {
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id)) {
    return invalid(`an order's id is 64 hexadecimal digits in lower case, and not ${shown(id)}`);
  }
  return id;
}
