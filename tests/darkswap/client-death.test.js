// A client whose workers die. In Node, where a test can get at workers that it did not make.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedMemoryDarkSwapClient } from '../../examples/darkswap/client/index.js';

const engine = new URL('../../build/darkswap/engine.wasm', import.meta.url);
const dog = { type: 1, id: 'DOG' };
const bitcoin = { type: 0 };
const DEADLINE = 20_000;

/** @param {() => boolean} holds */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** @param {SharedMemoryDarkSwapClient} client @param {string} price */
const order = async (client, price) =>
  client.createOrder(dog, bitcoin, 0, '1', price, await client.getAddress(), 60);

for (const transport of ['shared', 'message'])
  test(`when its workers die, over ${transport}, calls are typed errors, and start() makes it whole again`, {
    timeout: DEADLINE,
  }, async () => {
    /** @type {import('node:worker_threads').Worker[]} */
    const workers = [];
    const note = (/** @type {import('node:worker_threads').Worker} */ worker) => {
      workers.push(worker);
    };
    process.on('worker', note);
    const options = /** @type {any} */ (transport === 'message' ? { transport } : {});
    const client = new SharedMemoryDarkSwapClient(engine, undefined, { verifiers: 1, ...options });
    try {
      await client.initialize();
      await client.start();
      await order(client, '5');
      assert.equal(client.health().matcher, 'alive');
      /** @type {string[]} */
      const errors = [];
      client.addEventListener((event) => {
        if (event.type === 'error') errors.push(event.error);
      });
      const lost = order(client, '6');
      const settled = lost.then(
        () => 'created',
        (error) => error.code,
      );
      await Promise.all(workers.map((worker) => worker.terminate()));
      // It was in the book before they died, or it was not.
      assert.ok(['created', 'ORDER_CREATION_FAILED'].includes(await settled));
      await until(() => client.health().matcher === 'dead');
      await assert.rejects(order(client, '7'), { code: 'ORDER_CREATION_FAILED' });
      await assert.rejects(client.getOrders(dog, bitcoin), { code: 'ORDERS_RETRIEVAL_FAILED' });
      await assert.rejects(client.getBestBidAsk(dog, bitcoin), { code: 'MARKET_DATA_FAILED' });
      await until(() => errors.length > 0);
      assert.match(errors[0], /stop\(\) and start\(\) again/);
      await client.stop();
      assert.equal(errors.length, 1);
      await client.start();
      await order(client, '8');
      assert.deepEqual(await client.getBestBidAsk(dog, bitcoin), { bid: '8' });
    } finally {
      process.off('worker', note);
      await client.stop();
    }
  });

test('a verifier that dies with a batch is replaced, and no message is lost', {
  timeout: DEADLINE,
}, async () => {
  // Over messages a worker has one call at a time, so one that dies at work has lost one.
  const options = /** @type {any} */ ({ verifiers: 1, transport: 'message' });
  const client = new SharedMemoryDarkSwapClient(engine, undefined, options);
  /** @type {import('node:worker_threads').Worker[]} */
  const workers = [];
  const note = (/** @type {import('node:worker_threads').Worker} */ worker) => {
    workers.push(worker);
  };
  process.on('worker', note);
  try {
    await client.initialize();
    await client.start();
    await order(client, '5');
    for (let round = 1; round <= 3; round++) {
      const orders = Array.from({ length: 16 }, (_, i) => order(client, String(100 * round + i)));
      // The matcher was started first; each later one is in place of the dead.
      const verifier = workers[workers.length - 1];
      const before = workers.length;
      await verifier.terminate();
      await Promise.all(orders);
      assert.ok(workers.length > before, 'no other worker was started');
      assert.equal(client.health().matcher, 'alive');
    }
    assert.equal(client.health().workers.crashed, 3);
    assert.equal((await client.getOrders(dog, bitcoin)).length, 49);
  } finally {
    process.off('worker', note);
    await client.stop();
  }
});
