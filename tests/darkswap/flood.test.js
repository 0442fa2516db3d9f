// What the exchange does with those who mean no good, or are too many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { create } from 'sluice';
import { Code } from '../../examples/darkswap/engine/event.js';
import { frames } from '../../examples/darkswap/gossip/message.js';
import { makeRandom } from '../../examples/darkswap/gossip/random.js';
import { makeWorker, startExchange } from '../../examples/darkswap/pipeline/exchange.js';
import { makeSubmitter } from '../../examples/darkswap/pipeline/submit.js';
import { gossipChannel } from '../../examples/darkswap/pipeline/wiring.js';
import { engine, sessionOf } from './exchange.js';

const REGTEST = 2;
const limits = { network: REGTEST, orders: 1000, workers: 1 };

/** @param {(space: import('sluice').Space) => Promise<void>} body @param {import('sluice').SpaceOptions} [options] */
async function inSpace(body, options = {}) {
  const space = await create({ wasm: await engine(), bytes: 8 * 2 ** 20, ...options });
  try {
    await body(space);
  } finally {
    await space.close();
  }
}

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  const options = transport === 'message' ? { transport } : {};

  test(`a flood is dropped at its sender and counted; what was taken is matched (${transport})`, () =>
    inSpace(async (space) => {
      const { bytes } = await sessionOf(5000);
      const peer = makeSubmitter(space, { patience: 0 });
      let taken = 0;
      for (const { message, time } of frames(bytes)) if (peer.offer(message, time)) taken++;
      const { offered, dropped } = peer.counts();
      assert.equal(offered, 5000);
      assert.equal(dropped, 5000 - taken);
      assert.ok(taken > 100 && dropped > 100, `${taken} taken, ${dropped} dropped`);
      const exchange = await startExchange(space, limits);
      peer.close();
      assert.equal((await exchange.done).messages, taken);
    }, options));

  test(`who sends too much waits for room (${transport})`, () =>
    inSpace(async (space) => {
      const { bytes } = await sessionOf(5000);
      const peer = makeSubmitter(space, { patience: 60_000 });
      const exchange = await startExchange(space, { ...limits, ahead: 1 });
      for (const { message, time } of frames(bytes)) await peer.offer(message, time);
      peer.close();
      const { messages } = await exchange.done;
      assert.equal(messages, 5000);
      assert.deepEqual(peer.counts(), { offered: 5000, dropped: 0 });
    }, options));
}

test('waiting for room ends with the patience: the message is dropped, and nothing is thrown', () =>
  inSpace(async (space) => {
    const peer = makeSubmitter(space, { patience: 5 });
    const message = new Uint8Array(272);
    while (peer.offer(message) === true);
    const before = peer.counts();
    assert.equal(await peer.offer(message), false);
    assert.ok(peer.counts().dropped > before.dropped);
  }));

test('any bytes are a message that is refused, and the exchange goes on', () =>
  inSpace(async (space) => {
    const random = makeRandom(7);
    const peer = makeSubmitter(space);
    const exchange = await startExchange(space, limits);
    const COUNT = 400;
    for (let i = 0; i < COUNT; i++) {
      const message = random.bytes(random.pick([0, 1, 144, 168, 272, 273, 280, 281, 1024, 1025]));
      if (message.length > 2 && random.chance(0.8)) message.set([random.between(1, 3), 1, REGTEST]);
      await peer.offer(message);
    }
    peer.close();
    const { messages, rejected, open } = await exchange.done;
    const { dropped } = peer.counts(); // of 1025 bytes
    assert.ok(dropped > 0);
    assert.deepEqual(
      { messages, rejected, open },
      { messages: COUNT - dropped, rejected: COUNT - dropped, open: 0 },
    );
  }));

test('a peer that says a time to come turns no clock on, and a record that is no message is refused', () =>
  inSpace(async (space) => {
    const { bytes } = await sessionOf(5000);
    const [peer, raw] = [makeSubmitter(space), gossipChannel(space).sender()];
    const [first, second] = [...frames(bytes)];
    let time = Number(first.time);
    const exchange = await startExchange(space, { ...limits, now: () => time++ });
    await raw.send(new Uint8Array(3));
    await peer.offer(first.message, 2n ** 64n - 1n);
    await peer.offer(second.message, second.time);
    raw.close();
    peer.close();
    const { messages, rejected, open } = await exchange.done;
    assert.deepEqual({ messages, rejected, open }, { messages: 3, rejected: 1, open: 2 });
    assert.deepEqual(exchange.stats().codes, { [Code.Length]: 1 });
  }));

test('stop() ends it while peers are still there', () =>
  inSpace(async (space) => {
    const peer = makeSubmitter(space);
    const exchange = await startExchange(space, limits);
    peer.offer(new Uint8Array(3));
    exchange.stop();
    assert.ok((await exchange.done).messages <= 1);
    peer.close();
  }));

test('a module that is not the engine is an error that says so', () =>
  inSpace(
    async (space) => {
      const exchange = await startExchange(space, limits);
      await assert.rejects(exchange.done, /not DarkSwap's engine/);
    },
    { wasm: undefined },
  ));

test('a verifying worker that cannot load is a "load" error', () =>
  inSpace(async (space) => {
    const peer = makeSubmitter(space);
    const nowhere = new URL('./none.worker.js', import.meta.url);
    const exchange = await startExchange(space, {
      ...limits,
      makeWorker: (role) =>
        role === 'verifier' ? /** @type {any} */ (new Worker(nowhere)) : makeWorker(role),
    });
    peer.offer(new Uint8Array(3));
    await assert.rejects(exchange.done, { code: 'load' });
    peer.close();
  }));

test('a matcher that dies ends the exchange with "peer-lost"', () =>
  inSpace(async (space) => {
    const peer = makeSubmitter(space);
    /** @type {globalThis.Worker[]} */
    const matchers = [];
    const exchange = await startExchange(space, {
      ...limits,
      makeWorker(role) {
        const worker = makeWorker(role);
        if (role === 'matcher') matchers.push(worker);
        return worker;
      },
    });
    matchers[0].terminate();
    await assert.rejects(exchange.done, { code: 'peer-lost' });
    peer.close();
  }));
