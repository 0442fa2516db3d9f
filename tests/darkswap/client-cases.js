// What DarkSwap's clients promise, for Node and browsers alike. Each case has clients made for it, which
// are stopped at its end, and a clock that it moves itself.
import { hex } from '@scure/base';
import {
  AssetType,
  BitcoinNetwork,
  DarkSwapClient,
  DarkSwapError,
  ErrorCode,
  EventType,
  OrderSide,
  OrderStatus,
  peerLink,
  SharedMemoryDarkSwapClient,
} from '../../examples/darkswap/client/index.js';
import { cancelOrder, newOrder } from '../../examples/darkswap/client/messages.js';
import { makeWallet } from '../../examples/darkswap/client/wallet.js';
import { deepEqual, equal, ok } from '../conformance/assert.js';
import { connect, serve } from '../conformance/sdk.js';

/** @typedef {DarkSwapClient} Client */
/** @typedef {import('../../examples/darkswap/client/types.js').Config} Config */
/** @typedef {import('../../examples/darkswap/client/types.js').ClientEvent} ClientEvent */

/**
 * @typedef {object} Env
 * @property {'DarkSwapClient' | 'SharedMemoryDarkSwapClient'} kind of client
 * @property {string} transport that it has, once it runs
 * @property {boolean} [forced] messages are asked for where memory could be shared
 * @property {string} engine its address
 * @property {{ missing: string, text: string, other: string }} wrong addresses: nothing there, no
 *   WebAssembly, and WebAssembly that is not the engine
 */

/**
 * @typedef {object} Tools
 * @property {Env} env
 * @property {(engine?: string, options?: object) => Client} fresh a client that initialize() loads from there
 * @property {(config?: Config) => Promise<Client>} started
 * @property {(one: Client, other: Client) => Promise<void>} link
 * @property {() => void} offline what goes to the network from now on, to the end of the case, is an error: nothing
 *   is ever broadcast
 * @property {(client: Client) => ClientEvent[]} heard all that it tells from now on
 * @property {{ now: () => number, pass: (seconds: number) => void }} clock
 */

const bitcoin = { type: AssetType.Bitcoin };
const dog = { type: AssetType.Rune, id: 'DOG' };
const { Buy, Sell } = OrderSide;
const KEY = '42'.repeat(32);

let serial = 0;
/** @param {string} sats @param {string} [units] of dogs */
const coin = (sats, units) => ({
  txid: (++serial).toString(16).padStart(64, '0'),
  vout: 0,
  sats,
  ...(units && { asset: dog, units }),
});

/**
 * @param {Promise<unknown>} promise
 * @param {keyof typeof ErrorCode} code
 * @param {RegExp} [message]
 */
async function fails(promise, code, message) {
  /** @type {any} */
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  ok(error instanceof DarkSwapError, `expected ${code}, got ${error}`);
  equal(error.code, code, error.message);
  if (message) ok(message.test(error.message), error.message);
  return /** @type {DarkSwapError} */ (error);
}

/** What is read and not called, as calls. @param {Client} client */
const readings = (client) => {
  const any = /** @type {any} */ (client);
  const common = [async () => client.stats(), async () => client.transport];
  if (!(client instanceof SharedMemoryDarkSwapClient)) return common;
  return [
    ...common,
    async () => any.health(),
    async () => any.depth(dog, bitcoin),
    async () => any.space,
  ];
};

/** Resolves when it holds. @param {() => unknown} holds @param {string} what */
async function until(holds, what) {
  const end = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @param {Client} client @param {object} [order] */
async function offering(client, order) {
  const asked = { side: Sell, amount: '50', price: '1000', seconds: 60, ...order };
  const { side, amount, price, seconds } = asked;
  return client.createOrder(dog, bitcoin, side, amount, price, await client.getAddress(), seconds);
}

/** @param {ClientEvent[]} events */
const types = (events) => events.map(({ type }) => type);

/** A signed order of somebody who is not here. @param {number} now @param {object} [change] */
async function foreign(now, change) {
  const wallet = await makeWallet({ privateKey: KEY });
  const about = { side: Sell, nonce: ++serial, timestamp: now, expiry: now + 60_000 };
  return newOrder(wallet, {
    ...about,
    amount: 5n,
    price: 7n,
    base: dog,
    quote: bitcoin,
    ...change,
  });
}

/** A peer that is no client: what it sends is what it is told to. @param {Client} client */
async function rawPeer(client) {
  const [end, own] = peerLink();
  /** @type {Uint8Array[]} */
  const heard = [];
  /** @type {() => void} */
  let leave = () => {};
  const gone = new Promise((resolve) => {
    leave = () => resolve(undefined);
  });
  serve(
    {
      hello: () => 'nobody',
      untilGone: () => gone,
      gossip: (/** @type {Uint8Array[]} */ messages) => void heard.push(...messages),
    },
    own.answers,
  );
  const remote = /** @type {any} */ (connect(own.calls));
  const id = await client.connectPeer(end);
  const close = async () => {
    leave();
    await until(() => client.stats().peers.every((peer) => peer.id !== id), 'the peer has gone');
    await remote[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
    own.calls.close();
    own.answers.close();
  };
  return { remote, heard, id, close };
}

/** @type {Record<string, (tools: Tools) => Promise<void>>} */
export const cases = {
  // ---- states

  'getAddress() right after initialize() gives a regtest address of a fresh key': async (t) => {
    const [one, other] = [t.fresh(), t.fresh()];
    await one.initialize();
    await other.initialize();
    const address = await one.getAddress();
    ok(/^bcrt1p[02-9ac-hj-np-z]{58}$/.test(address), address);
    equal(await one.getAddress(), address);
    ok((await other.getAddress()) !== address, 'two clients have one key');
    equal(await one.getBalance(), '0');
  },

  'every call before initialize() is NOT_INITIALIZED': async (t) => {
    const client = t.fresh();
    const id = '0'.repeat(64);
    for (const call of [
      () => client.create({}),
      () => client.start(),
      () => client.stop(),
      () => client.getAddress(),
      () => client.getBalance(),
      () => client.getAssetBalance(dog),
      () => client.createOrder(dog, bitcoin, Buy, '1', '1', '', 1),
      () => client.cancelOrder(id),
      () => client.getOrder(id),
      () => client.getOrders(dog, bitcoin),
      () => client.takeOrder(id, '1'),
      () => client.getBestBidAsk(dog, bitcoin),
      () => client.connectPeer(peerLink()[0]),
      ...readings(client),
    ])
      await fails(call(), 'NOT_INITIALIZED', /initialize\(\)/);
  },

  'a call that needs the book is NOT_INITIALIZED before start(), and every call after stop()':
    async (t) => {
      const client = t.fresh();
      await client.initialize();
      const id = '0'.repeat(64);
      const address = await client.getAddress();
      const market = [
        () => client.createOrder(dog, bitcoin, Buy, '1', '1', address, 1),
        () => client.cancelOrder(id),
        () => client.getOrder(id),
        () => client.getOrders(dog, bitcoin),
        () => client.takeOrder(id, '1'),
        () => client.getBestBidAsk(dog, bitcoin),
        () => client.connectPeer(peerLink()[0]),
        ...readings(client),
      ];
      for (const call of market) await fails(call(), 'NOT_INITIALIZED', /start\(\)/);
      await client.start();
      await client.stop();
      const all = [
        ...market,
        () => client.getAddress(),
        () => client.getBalance(),
        () => client.getAssetBalance(dog),
      ];
      for (const call of all) await fails(call(), 'NOT_INITIALIZED', /stopped/);
      await client.stop(); // again: nothing
      await client.start();
      equal(await client.getAddress(), address);
      deepEqual(await client.getOrders(dog, bitcoin), []);
    },

  'calls that stop() overtakes have a result or a typed error, and none is left': async (t) => {
    const client = await t.started();
    const order = await offering(client);
    const calls = [
      offering(client, { price: '1001' }),
      client.cancelOrder(order.id),
      client.getOrder(order.id),
      client.getOrders(dog, bitcoin),
      client.takeOrder(order.id, '1'),
      client.getBestBidAsk(dog, bitcoin),
      client.connectPeer(peerLink()[0]), // nobody is at its other end
    ];
    const settled = Promise.allSettled(calls);
    await client.stop();
    for (const [i, one] of (await settled).entries()) {
      if (one.status === 'fulfilled') continue;
      ok(one.reason instanceof DarkSwapError, `call ${i}: ${one.reason}`);
    }
    // Not after its own patience.
    const connecting = await fails(calls[calls.length - 1], 'UNKNOWN_ERROR');
    equal(/** @type {any} */ (connecting.originalError).code, 'closed');
    await client.start();
    deepEqual(await client.getOrders(dog, bitcoin), []);
  },

  'create() twice is DARKSWAP_CREATION_FAILED, and the first wallet stays': async (t) => {
    const client = t.fresh();
    await client.initialize();
    await client.create({ privateKey: KEY });
    const address = await client.getAddress();
    await fails(client.create({}), 'DARKSWAP_CREATION_FAILED', /called already/);
    equal(await client.getAddress(), address);
    const other = t.fresh();
    await other.initialize();
    const two = await Promise.allSettled([other.create({}), other.create({ privateKey: KEY })]);
    equal(two.filter(({ status }) => status === 'fulfilled').length, 1);
    const late = t.fresh();
    await late.initialize();
    await late.start();
    await fails(late.create({}), 'DARKSWAP_CREATION_FAILED', /was started/);
    await late.stop();
    await fails(late.create({}), 'DARKSWAP_CREATION_FAILED', /was started/);
  },

  'create() that refuses its configuration leaves the client as it was': async (t) => {
    const client = t.fresh();
    await client.initialize();
    const address = await client.getAddress();
    for (const config of /** @type {any[]} */ ([
      null,
      'regtest',
      { network: 9 },
      { privateKey: 'xyz' },
      { coins: [{ txid: '', vout: 0, sats: '1' }] },
      { coins: 5 },
      { feeRate: -1 },
      { now: 5 },
    ])) {
      /** @type {any} */
      const error = await client.create(config).catch((error) => error);
      ok(error instanceof DarkSwapError, String(error));
    }
    equal(await client.getAddress(), address);
    await client.create({ privateKey: KEY });
    ok((await client.getAddress()) !== address, 'create() had no effect');
  },

  'a wrong wasmPath is an error that says what is there, and a right one works afterwards': async ({
    env,
    fresh,
  }) => {
    const { missing, text, other } = env.wrong;
    const at = (/** @type {string} */ path) => fresh(path).initialize();
    const none = await fails(at(missing), 'WASM_LOAD_FAILED', /did not load/);
    ok(none.message.includes(missing), none.message);
    ok(none.originalError instanceof Error, 'originalError is missing');
    await fails(at(text), 'WASM_LOAD_FAILED');
    await fails(at(other), 'WASM_INSTANTIATION_FAILED', /ds_book_init/);
    for (const none of /** @type {any[]} */ ([5, null, {}]))
      await fails(at(none), 'INVALID_ARGUMENT', /wasmPath/);
    await fails(at(''), 'WASM_LOAD_FAILED');
    await fresh().initialize();
  },

  'initialize() at the same time loads once': async (t) => {
    const client = t.fresh();
    await Promise.all([client.initialize(), client.initialize()]);
    await client.initialize();
    ok(await client.getAddress(), 'an address');
  },

  "where memory cannot be shared, fallback: 'throw' says so, and the default goes by messages":
    async (t) => {
      const client = await t.started();
      equal(client.transport, t.env.transport);
      if (t.env.kind === 'DarkSwapClient' || t.env.forced) return;
      const strict = t.fresh(t.env.engine, { fallback: 'throw' });
      if (t.env.transport === 'shared') {
        await strict.initialize();
        return;
      }
      const error = await fails(strict.initialize(), 'INITIALIZATION_FAILED', /cannot be shared/);
      equal(/** @type {any} */ (error.originalError).code, 'not-isolated');
    },

  // ---- orders

  'an order is in the book as it was created, and its event was told': async (t) => {
    const client = await t.started({ privateKey: KEY });
    const events = t.heard(client);
    const order = await offering(client);
    const { id, ...rest } = order;
    ok(/^[0-9a-f]{64}$/.test(id), id);
    deepEqual(rest, {
      maker: await client.getAddress(),
      baseAsset: dog,
      quoteAsset: bitcoin,
      side: Sell,
      amount: '50',
      remaining: '50',
      price: '1000',
      status: OrderStatus.Open,
      timestamp: t.clock.now(),
      expiry: t.clock.now() + 60_000,
    });
    deepEqual(await client.getOrder(id), order);
    deepEqual(await client.getOrders(dog, bitcoin), [order]);
    deepEqual(await client.getOrders(bitcoin, dog), []);
    deepEqual(await client.getBestBidAsk(dog, bitcoin), { ask: '1000' });
    await until(() => events.length, 'orderCreated');
    deepEqual(events, [{ type: EventType.OrderCreated, orderId: id }]);
  },

  'amounts of zero, beyond u64, or that are no decimal strings are INVALID_ARGUMENT': async (t) => {
    const client = await t.started();
    const beyond = String(2n ** 64n);
    for (const bad of /** @type {any[]} */ ([
      '0',
      '-1',
      beyond,
      '1.5',
      '1e3',
      '',
      ' 1',
      5,
      5n,
      null,
    ])) {
      await fails(offering(client, { amount: bad }), 'INVALID_ARGUMENT', /amount/);
      await fails(offering(client, { price: bad }), 'INVALID_ARGUMENT', /price/);
      await fails(client.takeOrder('0'.repeat(64), bad), 'INVALID_ARGUMENT', /amount/);
    }
    const most = String(2n ** 64n - 1n);
    await fails(offering(client, { amount: most, price: '2' }), 'INVALID_ARGUMENT', /2\^64/);
    const order = await offering(client, { amount: most, price: '1' });
    equal(order.amount, most);
    const again = await offering(client, { amount: '1', price: most });
    equal(again.price, most);
  },

  'an unknown asset, a side, an address or an expiry that is none is INVALID_ARGUMENT': async (
    t,
  ) => {
    const client = await t.started();
    const address = await client.getAddress();
    const assets = /** @type {any[]} */ ([
      { type: 3, id: 'X' },
      { type: 'Rune', id: 'X' },
      { type: 1 },
      { type: 1, id: '' },
      { type: 1, id: 'with blank' },
      { type: 1, id: 'x'.repeat(31) },
      { type: 0, id: 'X' },
      null,
      'BTC',
    ]);
    for (const asset of assets) {
      await fails(client.getAssetBalance(asset), 'INVALID_ARGUMENT');
      await fails(client.getOrders(asset, dog), 'INVALID_ARGUMENT');
      await fails(client.getBestBidAsk(dog, asset), 'INVALID_ARGUMENT');
      const create = client.createOrder(asset, dog, Buy, '1', '1', address, 1);
      await fails(create, 'INVALID_ARGUMENT');
    }
    await fails(client.getOrders(dog, { ...dog }), 'INVALID_ARGUMENT', /differ/);
    await fails(offering(client, { side: 2 }), 'INVALID_ARGUMENT', /side/);
    for (const seconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40])
      await fails(offering(client, { seconds }), 'INVALID_ARGUMENT', /expirySeconds/);
    const elsewhere = 'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6';
    for (const other of [elsewhere, '', 'bc1q'])
      await fails(
        client.createOrder(dog, bitcoin, Buy, '1', '1', other, 1),
        'INVALID_ARGUMENT',
        /makerAddress/,
      );
  },

  'an unknown order is ORDER_RETRIEVAL_FAILED, one that is no id INVALID_ARGUMENT': async (t) => {
    const client = await t.started();
    const id = '0'.repeat(64);
    await fails(client.getOrder(id), 'ORDER_RETRIEVAL_FAILED', /not known/);
    await fails(client.cancelOrder(id), 'ORDER_CANCELLATION_FAILED', /UNKNOWN/);
    await fails(client.takeOrder(id, '1'), 'ORDER_RETRIEVAL_FAILED', /not known/);
    for (const none of /** @type {any[]} */ (['', 'x'.repeat(64), 'AB'.repeat(32), 7, undefined])) {
      await fails(client.getOrder(none), 'INVALID_ARGUMENT');
      await fails(client.cancelOrder(none), 'INVALID_ARGUMENT');
      await fails(client.takeOrder(none, '1'), 'INVALID_ARGUMENT');
    }
  },

  'a cancelled order is closed, once': async (t) => {
    const client = await t.started();
    const events = t.heard(client);
    const { id } = await offering(client);
    await client.cancelOrder(id);
    equal((await client.getOrder(id)).status, OrderStatus.Canceled);
    deepEqual(await client.getOrders(dog, bitcoin), []);
    deepEqual(await client.getBestBidAsk(dog, bitcoin), {});
    await fails(client.cancelOrder(id), 'ORDER_CANCELLATION_FAILED', /CLOSED/);
    await until(() => events.length === 2, 'orderCancelled');
    deepEqual(types(events), ['orderCreated', 'orderCancelled']);
  },

  'an order ends at its expiry, and is still known': async (t) => {
    const client = await t.started();
    const events = t.heard(client);
    const { id } = await offering(client, { seconds: 10 });
    t.clock.pass(9.999);
    equal((await client.getOrder(id)).status, OrderStatus.Open);
    t.clock.pass(0.001);
    await until(() => types(events).includes('orderExpired'), 'orderExpired');
    const order = await client.getOrder(id);
    equal(order.status, OrderStatus.Expired);
    equal(order.remaining, '50');
    await fails(client.takeOrder(id, '1'), 'TRADE_CREATION_FAILED');
    deepEqual(await client.getOrders(dog, bitcoin), []);
  },

  'orders that cross are matched at the price of the one that was there': async (t) => {
    const [one, other] = [await t.started(), await t.started()];
    await t.link(one, other);
    const events = t.heard(one);
    const sell = await offering(one, { price: '900' });
    await until(async () => (await other.getOrders(dog, bitcoin)).length === 1, 'the order');
    const buy = await offering(other, { side: Buy, amount: '80', price: '1000' });
    equal(buy.remaining, '30');
    await until(async () => (await one.getOrder(sell.id)).status === OrderStatus.Filled, 'a match');
    deepEqual(await one.getBestBidAsk(dog, bitcoin), { bid: '1000' });
    const matched = () => events.filter((event) => event.type === 'orderMatched');
    await until(() => matched().length === 2, 'orderMatched');
    const [first, second] = /** @type {any[]} */ (matched());
    deepEqual([first.orderId, second.orderId], [sell.id, buy.id]);
    equal(first.tradeId, second.tradeId);
  },

  // ---- listeners

  'a listener that throws, or rejects, harms neither the others nor the client': async (t) => {
    const client = await t.started();
    const { error: original } = console;
    /** @type {unknown[]} */
    const reported = [];
    console.error = (...words) => void reported.push(words);
    try {
      /** @type {string[]} */
      const heard = [];
      client.addEventListener(() => {
        throw new Error('a listener that throws');
      });
      client.addEventListener(async () => {
        throw new Error('a listener that rejects');
      });
      client.addEventListener(({ type }) => void heard.push(type));
      const { id } = await offering(client);
      await client.cancelOrder(id);
      await until(() => heard.length === 2 && reported.length === 4, 'two events, four reports');
      deepEqual(heard, ['orderCreated', 'orderCancelled']);
    } finally {
      console.error = original;
    }
  },

  'a listener hears once however often it was added, and nothing once removed': async (t) => {
    const client = await t.started();
    let heard = 0;
    const listener = () => void heard++;
    client.addEventListener(listener);
    client.addEventListener(listener);
    const all = t.heard(client);
    const { id } = await offering(client);
    await until(() => all.length === 1, 'orderCreated');
    equal(heard, 1);
    client.removeEventListener(listener);
    await client.cancelOrder(id);
    await until(() => all.length === 2, 'orderCancelled');
    equal(heard, 1);
    let error;
    try {
      client.addEventListener(/** @type {any} */ ('click'));
    } catch (caught) {
      error = /** @type {any} */ (caught);
    }
    equal(error?.code, 'EVENT_SUBSCRIPTION_FAILED');
  },

  // ---- swaps

  'takeOrder() swaps by a PSBT that both signed, and both books and wallets know': async (t) => {
    const maker = await t.started({ coins: [coin('546', '100'), coin('5000')] });
    const taker = await t.started({ coins: [coin('90000')] });
    await t.link(maker, taker);
    t.offline();
    const [makers, takers] = [t.heard(maker), t.heard(taker)];
    const { id } = await offering(maker);
    await until(async () => (await taker.getOrders(dog, bitcoin)).length === 1, 'the order');
    const trade = await taker.takeOrder(id, '20');
    equal(trade.orderId, id);
    ok(/^[0-9a-f]{64}$/.test(trade.txid), trade.txid);
    ok(trade.transaction.length > 100, 'a transaction');
    equal(await maker.getAssetBalance(dog), '80');
    equal(await taker.getAssetBalance(dog), '20');
    equal(await maker.getBalance(), '25000');
    const left = Number(await taker.getBalance());
    ok(left < 70_000 - 546 && left > 68_000, `the taker has ${left}`);
    await until(async () => (await taker.getOrder(id)).remaining === '30', 'the update');
    await taker.takeOrder(id, '30');
    for (const client of [maker, taker]) {
      await until(async () => (await client.getOrder(id)).status === OrderStatus.Filled, 'filled');
      deepEqual(await client.getBestBidAsk(dog, bitcoin), {});
    }
    for (const events of [makers, takers]) {
      const told = () => types(events).filter((type) => type.startsWith('trade'));
      await until(() => told().length === 4, 'four events');
      deepEqual(told(), ['tradeCreated', 'tradeCompleted', 'tradeCreated', 'tradeCompleted']);
      ok(!types(events).includes('orderCancelled'), 'orderCancelled');
    }
  },

  'takeOrder() of more than is left, of its own, or without its maker is refused': async (t) => {
    const maker = await t.started({ coins: [coin('546', '100'), coin('5000')] });
    const taker = await t.started({ coins: [coin('90000')] });
    const { id } = await offering(maker);
    await fails(maker.takeOrder(id, '1'), 'TRADE_CREATION_FAILED', /its? is this wallet's own|own/);
    await t.link(maker, taker);
    await until(async () => (await taker.getOrders(dog, bitcoin)).length === 1, 'the order');
    await fails(taker.takeOrder(id, '51'), 'TRADE_CREATION_FAILED', /50 are left/);
    await fails(taker.takeOrder(id, String(2n ** 64n - 1n)), 'TRADE_CREATION_FAILED');
    await maker.stop();
    await until(() => taker.stats().peers.length === 0, 'the maker is gone');
    await fails(taker.takeOrder(id, '1'), 'TRADE_CREATION_FAILED', /connectPeer/);
  },

  'a swap that fails tells both, and its coins are free again': async (t) => {
    const maker = await t.started({ coins: [coin('546', '100'), coin('5000')] });
    const taker = await t.started({ coins: [coin('20000')] });
    await t.link(maker, taker);
    const [makers, takers] = [t.heard(maker), t.heard(taker)];
    const { id } = await offering(maker);
    await until(async () => (await taker.getOrders(dog, bitcoin)).length === 1, 'the order');
    await fails(taker.takeOrder(id, '50'), 'TRADE_CREATION_FAILED', /less than 50000/);
    for (const events of [makers, takers])
      await until(() => types(events).includes('tradeFailed'), 'tradeFailed');
    equal(await taker.getBalance(), '20000');
    equal(await maker.getAssetBalance(dog), '100');
    await taker.takeOrder(id, '10');
    equal(await taker.getAssetBalance(dog), '10');
  },

  'takeOrder() signs in regtest only': async (t) => {
    const network = BitcoinNetwork.Testnet;
    const maker = await t.started({ network, privateKey: KEY, coins: [coin('546', '100')] });
    const coins = [coin('90000')];
    const taker = await t.started({ network, privateKey: '43'.repeat(32), coins });
    await t.link(maker, taker);
    const { id, maker: address } = await offering(maker);
    ok(address.startsWith('tb1p'), address);
    await until(async () => (await taker.getOrders(dog, bitcoin)).length === 1, 'the order');
    await fails(taker.takeOrder(id, '1'), 'TRADE_CREATION_FAILED', /regtest only/);
    equal(await taker.getBalance(), '90000');
  },

  // ---- peers

  'a peer that comes learns the open orders, and one that goes is told': async (t) => {
    const [one, other] = [await t.started(), await t.started()];
    const open = await offering(one);
    const { id } = await offering(one, { price: '7' });
    await one.cancelOrder(id);
    const events = t.heard(one);
    await t.link(one, other);
    await until(async () => (await other.getOrders(dog, bitcoin)).length === 1, 'the order');
    deepEqual(await other.getOrder(open.id), open);
    await fails(other.getOrder(id), 'ORDER_RETRIEVAL_FAILED');
    await other.stop();
    await until(() => types(events).includes('peerDisconnected'), 'peerDisconnected');
    deepEqual(
      types(events).filter((type) => type.startsWith('peer')),
      ['peerConnected', 'peerDisconnected'],
    );
  },

  'gossip goes on from peer to peer': async (t) => {
    const [one, two, three] = [await t.started(), await t.started(), await t.started()];
    await t.link(one, two);
    await t.link(two, three);
    const order = await offering(one);
    await until(async () => (await three.getOrders(dog, bitcoin)).length === 1, 'the order');
    deepEqual(await three.getOrder(order.id), order);
    await one.cancelOrder(order.id);
    await until(async () => (await three.getOrders(dog, bitcoin)).length === 0, 'the cancel');
  },

  'malformed messages are rejected and counted, each by what is wrong, and lose nothing': async (
    t,
  ) => {
    const client = await t.started();
    const { remote, close } = await rawPeer(client);
    const now = t.clock.now();
    const good = await foreign(now);
    const bytes = (/** @type {(copy: Uint8Array) => void} */ change) => {
      const copy = good.bytes.slice();
      change(copy);
      return copy;
    };
    const wallet = await makeWallet({ privateKey: '99'.repeat(32) });
    const testnet = await makeWallet({ network: BitcoinNetwork.Testnet, privateKey: KEY });
    const about = { side: Sell, nonce: 1, timestamp: now, expiry: now + 60_000 };
    const plain = { ...about, amount: 5n, price: 7n, base: dog, quote: bitcoin };
    const { bytes: expired } = await foreign(now - 60_000, { expiry: now });
    const { bytes: zero } = await foreign(now, { amount: 0n });
    const { bytes: overflow } = await foreign(now, { amount: 2n ** 63n, price: 2n });
    const messages = /** @type {any[]} */ ([
      good.bytes,
      new Uint8Array(),
      good.bytes.slice(0, -1),
      new Uint8Array(5000),
      'an order',
      null,
      bytes((copy) => copy.fill(9, 0, 1)),
      newOrder(testnet, plain).bytes,
      zero,
      overflow,
      expired,
      bytes((copy) => copy.fill(120, 140, 141)),
      bytes((copy) => copy.fill(0, 250, 260)),
      good.bytes,
      cancelOrder(wallet, new Uint8Array(32), { nonce: 1, timestamp: now }).bytes,
      cancelOrder(wallet, good.id, { nonce: 1, timestamp: now }).bytes,
    ]);
    const { taken, dropped } = await remote.gossip(messages);
    deepEqual([taken, dropped], [messages.length, 0]);
    const { received, accepted, rejected, codes } = client.stats();
    deepEqual([received, accepted, rejected], [messages.length, 1, messages.length - 1]);
    deepEqual(codes, {
      LENGTH: 5,
      FORMAT: 1,
      NETWORK: 1,
      AMOUNT: 1,
      OVERFLOW: 1,
      EXPIRED: 1,
      ADDRESS: 1,
      SIGNATURE: 1,
      REPLAY: 1,
      UNKNOWN: 1,
      NOT_MAKER: 1,
    });
    const orders = await client.getOrders(dog, bitcoin);
    deepEqual(
      orders.map(({ id }) => id),
      [hex.encode(good.id)],
    );
    await close();
  },

  'a peer that floods waits, and what it sends beyond its room is dropped and counted; others are served':
    async (t) => {
      const client = await t.started();
      const [flood, fair] = [await rawPeer(client), await rawPeer(client)];
      const now = t.clock.now();
      const { bytes } = await foreign(now);
      // Without waiting for an answer.
      const answers = Array.from({ length: 20 }, () => flood.remote.gossip(Array(100).fill(bytes)));
      const { bytes: order } = await foreign(now, { nonce: 1_000_000 });
      const answer = await fair.remote.gossip([order]);
      deepEqual(answer, { taken: 1, dropped: 0 });
      const sums = { taken: 0, dropped: 0 };
      for (const { taken, dropped } of await Promise.all(answers)) {
        sums.taken += taken;
        sums.dropped += dropped;
      }
      equal(sums.taken + sums.dropped, 2000);
      ok(sums.dropped > 0, 'nothing was dropped');
      const { received, accepted, rejected, dropped } = client.stats();
      equal(dropped, sums.dropped);
      equal(received, 2001);
      equal(accepted + rejected, received - dropped);
      equal(accepted, 2);
      // A peer that waits for each answer loses nothing.
      for (let i = 0; i < 5; i++)
        deepEqual(await flood.remote.gossip(Array(200).fill(bytes)), { taken: 200, dropped: 0 });
      await flood.close();
      await fair.close();
    },

  'a peer that makes wrong calls gets errors, and harms nothing': async (t) => {
    const client = await t.started({ coins: [coin('546', '100')] });
    const { remote, close } = await rawPeer(client);
    const { id } = await offering(client);
    const address = (await makeWallet({ privateKey: KEY })).address;
    for (const call of [
      () => remote.offer(id, '0', address),
      () => remote.offer(id, '51', address),
      () => remote.offer('zz', '1', address),
      () => remote.offer(id, '1', 'nowhere'),
      () => remote.offer('0'.repeat(64), '1', address),
      () => remote.agree('none', new Uint8Array(5)),
      () => remote.settle('none', new Uint8Array(5)),
      () => remote.abandon('none', 'because'),
    ]) {
      /** @type {any} */
      const error = await call().catch((/** @type {unknown} */ error) => error);
      ok(error instanceof Error && 'code' in error, String(error));
    }
    const { trade } = await remote.offer(id, '50', address);
    // All that there is has been promised.
    await remote.offer(id, '1', address).then(
      () => ok(false, 'promised twice'),
      (/** @type {any} */ error) => equal(error.code, 'TRADE_CREATION_FAILED'),
    );
    const agreed = remote.agree(trade, new Uint8Array([1, 2, 3]));
    await agreed.then(
      () => ok(false, 'agreed to three bytes'),
      (/** @type {any} */ error) => equal(error.code, 'TRADE_CREATION_FAILED'),
    );
    // It gave that one up, and so may promise again.
    ok((await remote.offer(id, '50', address)).psbt instanceof Uint8Array, 'another offer');
    equal(await client.getAssetBalance(dog), '100');
    await close();
  },

  'a peer that goes in the middle of a swap leaves its coins to others': async (t) => {
    const client = await t.started({ coins: [coin('546', '100')] });
    const events = t.heard(client);
    const { remote, close } = await rawPeer(client);
    const { id } = await offering(client);
    const { address } = await makeWallet({ privateKey: KEY });
    await remote.offer(id, '50', address);
    await close();
    await until(() => types(events).includes('tradeFailed'), 'tradeFailed');
    const again = await rawPeer(client);
    ok((await again.remote.offer(id, '50', address)).trade, 'another offer');
    await again.close();
  },
};

/** What is decided before a book is asked, wherever it is: enough in one setting. */
const beforeTheBook = new Set([
  'every call before initialize() is NOT_INITIALIZED',
  'create() that refuses its configuration leaves the client as it was',
  'initialize() at the same time loads once',
  'amounts of zero, beyond u64, or that are no decimal strings are INVALID_ARGUMENT',
  'an unknown asset, a side, an address or an expiry that is none is INVALID_ARGUMENT',
  'a listener hears once however often it was added, and nothing once removed',
  'takeOrder() signs in regtest only',
  'a peer that makes wrong calls gets errors, and harms nothing',
]);

/** Where an engine may differ from another: the rest is JavaScript that Node runs too. */
const engines = new Set([
  'getAddress() right after initialize() gives a regtest address of a fresh key',
  'a wrong wasmPath is an error that says what is there, and a right one works afterwards',
  "where memory cannot be shared, fallback: 'throw' says so, and the default goes by messages",
  'takeOrder() swaps by a PSBT that both signed, and both books and wallets know',
  'malformed messages are rejected and counted, each by what is wrong, and lose nothing',
  'a peer that floods waits, and what it sends beyond its room is dropped and counted; others are served',
]);

/** The cases of a setting. @param {Env['kind']} kind */
export const casesOf = (kind) =>
  Object.keys(cases).filter((name) => kind === 'DarkSwapClient' || !beforeTheBook.has(name));

/** Those that each engine has to show in every run; the others when all are asked for. @param {Env['kind']} kind @param {boolean} all */
export const engineCasesOf = (kind, all) =>
  casesOf(kind).filter((name) => all || engines.has(name));

/** A client whose initialize() knows its engine. @param {Env} env @param {string} engine @param {object} more @returns {Client} */
function make({ kind, transport, forced }, engine, more) {
  if (kind === 'SharedMemoryDarkSwapClient') {
    const options = /** @type {any} */ (forced ? { transport } : {});
    return new SharedMemoryDarkSwapClient(engine, undefined, { verifiers: 1, ...options, ...more });
  }
  return new (class extends DarkSwapClient {
    async initialize() {
      await super.initialize(engine);
    }
  })();
}

/** What each case starts with: the time does not matter, only that it does not pass by itself. */
const START = 1_700_000_000_000;

/**
 * @param {string} name
 * @param {Env} env
 */
export async function runCase(name, env) {
  /** @type {Client[]} */
  const made = [];
  let time = START;
  const clock = {
    now: () => time,
    pass: (/** @type {number} */ seconds) => {
      time += Math.round(1000 * seconds);
    },
  };
  const fresh = (engine = env.engine, options = {}) => {
    const client = make(env, engine, options);
    made.push(client);
    return client;
  };
  const network = /** @type {any} */ (globalThis);
  const ways = ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource'];
  const before = ways.map((way) => network[way]);
  try {
    await cases[name]({
      offline() {
        for (const way of ways)
          network[way] = () => {
            throw new Error(`${way}() goes to the network`);
          };
      },
      env,
      clock,
      fresh,
      async started(config = {}) {
        const client = fresh();
        await client.initialize();
        await client.create({ now: clock.now, ...config });
        await client.start();
        return client;
      },
      async link(one, other) {
        const [end, otherEnd] = peerLink();
        await Promise.all([one.connectPeer(end), other.connectPeer(otherEnd)]);
      },
      heard(client) {
        /** @type {ClientEvent[]} */
        const events = [];
        client.addEventListener((event) => void events.push(event));
        return events;
      },
    });
  } finally {
    for (const [i, way] of ways.entries()) network[way] = before[i];
    await Promise.all(made.map((client) => client.stop().catch(() => {})));
  }
}
