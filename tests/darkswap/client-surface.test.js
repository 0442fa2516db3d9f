// What DarkSwap's client is called by, which a caller may have written down, and options that are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as client from '../../examples/darkswap/client/index.js';

const { DarkSwapClient, DarkSwapError, SharedMemoryDarkSwapClient } = client;
const engine = new URL('../../build/darkswap/engine.wasm', import.meta.url);
const PAGE = 65536;

test('types, networks and events have the values that they have in messages and in storage', () => {
  assert.deepEqual({ ...client.AssetType }, { Bitcoin: 0, Rune: 1, Alkane: 2 });
  assert.deepEqual({ ...client.OrderSide }, { Buy: 0, Sell: 1 });
  assert.deepEqual(Object.keys(client.OrderStatus), ['Open', 'Filled', 'Canceled', 'Expired']);
  assert.deepEqual({ ...client.BitcoinNetwork }, { Mainnet: 0, Testnet: 1, Regtest: 2, Signet: 3 });
  assert.deepEqual(Object.values(client.EventType), [
    ...['orderCreated', 'orderCancelled', 'orderExpired', 'orderMatched'],
    ...['tradeCreated', 'tradeCompleted', 'tradeFailed'],
    ...['peerConnected', 'peerDisconnected', 'error'],
  ]);
  for (const [name, code] of Object.entries(client.ErrorCode)) assert.equal(code, name);
});

test('an error has its code, its message and what caused it', () => {
  const cause = new Error('it rained');
  const error = new DarkSwapError(client.ErrorCode.UNKNOWN_ERROR, 'no tennis', cause);
  const { code, message, originalError } = error;
  assert.deepEqual({ code, message }, { code: 'UNKNOWN_ERROR', message: 'no tennis' });
  assert.equal(originalError, cause);
  assert.ok(error instanceof Error);
});

test('the client with workers is the other one, with its methods', async () => {
  const one = new SharedMemoryDarkSwapClient();
  assert.ok(one instanceof DarkSwapClient);
  const methods = [
    'initialize',
    'create',
    'start',
    'stop',
    'addEventListener',
    'removeEventListener',
  ];
  methods.push(
    'getAddress',
    'getBalance',
    'getAssetBalance',
    'createOrder',
    'cancelOrder',
    'getOrder',
  );
  methods.push('getOrders', 'takeOrder', 'getBestBidAsk');
  for (const name of methods)
    assert.equal(typeof (/** @type {any} */ (one)[name]), 'function', name);
  assert.equal(one.isSharedMemorySupported(), true);
});

test('its memory has 16 pages, and 256 at most, where nobody says otherwise', async () => {
  for (const [memory, [initial, maximum]] of /** @type {const} */ ([
    [undefined, [16, 256]],
    [{ initial: 20, maximum: 200 }, [20, 200]],
  ])) {
    const one = new SharedMemoryDarkSwapClient(engine, memory, { verifiers: 1 });
    one.preload();
    await one.initialize();
    await one.start();
    const pages = () => one.space.memory.buffer.byteLength / PAGE;
    assert.ok(pages() >= initial && pages() <= maximum, `${pages()} pages`);
    assert.ok(one.space.memory.buffer instanceof SharedArrayBuffer);
    assert.throws(() => one.space.memory.grow(maximum + 1 - pages()), RangeError);
    one.space.memory.grow(maximum - pages());
    await one.stop();
  }
});

test('memory and verifiers that cannot be are typed errors', async () => {
  const memories = /** @type {any[]} */ ([
    { initial: 16, maximum: 8 },
    { initial: 0, maximum: 8 },
    { initial: -1, maximum: 8 },
    { initial: 16, maximum: 1_000_000_000 },
    {},
    null,
  ]);
  for (const memory of memories)
    await assert.rejects(
      new SharedMemoryDarkSwapClient(engine, memory).initialize(),
      DarkSwapError,
      JSON.stringify(memory),
    );
  for (const verifiers of /** @type {any[]} */ ([-1, 65, 1.5, Number.NaN, '2', null]))
    assert.throws(() => new SharedMemoryDarkSwapClient(engine, undefined, { verifiers }), {
      code: 'INVALID_ARGUMENT',
    });
});
