// Whoever listens to an exchange hears all of it: in the thread that started it, twice, and in workers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect, create, spawn } from 'sluice';
import { frames } from '../../examples/darkswap/gossip/message.js';
import { sessionMarkets } from '../../examples/darkswap/gossip/session.js';
import { startExchange } from '../../examples/darkswap/pipeline/exchange.js';
import { makeSubmitter } from '../../examples/darkswap/pipeline/submit.js';
import { engine, sessionOf } from './exchange.js';

const REGTEST = 2;

for (const transport of /** @type {const} */ (['shared', 'message']))
  test(`every listener hears every event, in any thread, and reads the same prices (${transport})`, {
    timeout: 60_000,
  }, async () => {
    const { bytes, expected } = await sessionOf(5000);
    const options = transport === 'message' ? { transport } : {};
    const space = await create({ wasm: await engine(), bytes: 24 * 2 ** 20, ...options });
    /** @type {import('sluice').Peer[]} */
    const peers = [];
    try {
      for (const _ of [1, 2]) {
        peers.push(
          await spawn(
            space,
            () => /** @type {any} */ (new Worker(new URL('listener.js', import.meta.url))),
          ),
        );
      }
      /** @type {import('sluice').Remote<import('./listener.js').ListenerApi>[]} */
      const listeners = peers.map((peer) => connect(peer));
      for (const listener of listeners) assert.ok(await listener.listening());
      const own = createHash('sha256');
      const exchange = await startExchange(space, {
        network: REGTEST,
        workers: 1,
        tell: (memory, offset, length) => {
          own.update(memory.subarray(offset, offset + length));
        },
      });
      const peer = makeSubmitter(space, { patience: 60_000 });
      for (const { message, time } of frames(bytes)) await peer.offer(message, time);
      peer.close();
      const { digest } = await exchange.done;
      assert.equal(digest, expected.digest);
      assert.equal(own.digest('hex'), digest);
      const prices = await Promise.all(listeners.map((one) => one.prices(sessionMarkets)));
      assert.deepEqual(prices[0], prices[1]);
      assert.equal(prices[0].length, sessionMarkets.length);
      for (const [i, { best, depth }] of prices[0].entries()) {
        const { base, quote } = sessionMarkets[i];
        assert.deepEqual(depth, exchange.depth({ base, quote }));
        assert.equal(best.bid, depth.bids[0].price);
        assert.equal(best.ask, depth.asks[0].price);
      }
      for (const listener of listeners)
        assert.deepEqual(await listener.heard(), { digest, lost: 0 });
    } finally {
      for (const peer of peers) await peer.terminate();
      await space.close();
    }
  });
