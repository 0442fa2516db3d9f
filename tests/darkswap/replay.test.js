// A seeded session gives the same event log on shared memory, on messages, in one thread and in the reference
// matcher, also when ten of the verifying workers die, each with a batch. MESSAGES and TERMINATE for others.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { create } from 'sluice';
import { Code } from '../../examples/darkswap/engine/event.js';
import { sessionMarkets } from '../../examples/darkswap/gossip/session.js';
import { matchAlone } from '../../examples/darkswap/pipeline/alone.js';
import { REGTEST, replay } from '../../examples/darkswap/pipeline/replay.js';
import { engine, sessionOf } from './exchange.js';

const MESSAGES = Number(process.env.MESSAGES ?? 5000);
const TERMINATE = Number(process.env.TERMINATE ?? 10);

/** @type {Awaited<ReturnType<typeof sessionOf>>} */
let session;
/** What one thread made of it. @type {Awaited<ReturnType<typeof alone>>} */
let single;

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function alone() {
  const space = await create({ wasm: await engine(), bytes: 8 * 2 ** 20 });
  /** @type {Uint8Array[]} */
  const events = [];
  /** @type {any[]} */
  const prices = [];
  const outcome = matchAlone(
    space,
    session.bytes,
    { network: REGTEST },
    (memory, offset, length) => void events.push(memory.slice(offset, offset + length)),
    (book) => {
      for (const { base, quote } of sessionMarkets)
        prices.push({
          best: book.best(base, quote),
          depth: { bids: book.depth(base, quote, 0), asks: book.depth(base, quote, 1) },
        });
    },
  );
  await space.close();
  return { outcome, prices, log: new Uint8Array(Buffer.concat(events)) };
}

before(async () => {
  session = await sessionOf(MESSAGES);
  single = await alone();
});

test('one thread tells what the reference matcher tells', () => {
  assert.equal(single.outcome.digest, session.expected.digest);
  assert.equal(sha256(single.log), session.expected.digest);
  assert.equal(single.outcome.events, session.expected.events);
  assert.ok(single.prices.every(({ best }) => best.bid > 0n && best.ask > best.bid));
});

test('a session has 1 % of each fault: bad signature, wrong address, replayed, truncated, overflow, expired', () => {
  const { codes } = session.expected;
  const { Signature, Address, Replay, Length, Overflow, Expired } = Code;
  for (const code of [Signature, Address, Replay, Length, Overflow, Expired]) {
    const share = codes[code] / MESSAGES;
    assert.ok(share > 0.004 && share < 0.02, `code ${code}: ${codes[code]}`);
  }
});

for (const transport of /** @type {const} */ (['shared', 'message']))
  for (const terminate of [0, TERMINATE])
    test(`over ${transport}, with ${terminate} verifying workers terminated, the log is the same`, async () => {
      const { outcome, log, prices, counts, stats } = await replay({
        ...{ wasm: await engine(), session: session.url, messages: MESSAGES },
        ...{ transport, terminate, workers: 2, keepLog: true, markets: sessionMarkets },
      });
      assert.equal(outcome.digest, session.expected.digest);
      assert.ok(log && Buffer.compare(log, single.log) === 0);
      assert.deepEqual(prices, single.prices);
      assert.deepEqual(counts, { offered: MESSAGES, dropped: 0 });
      assert.equal(stats.received, MESSAGES);
      assert.equal(stats.verified, MESSAGES);
      assert.equal(stats.matched, MESSAGES);
      assert.equal(stats.rejected, outcome.rejected);
      assert.equal(stats.verifyMs.count, MESSAGES);
      assert.equal(stats.matchMs.count, MESSAGES);
      assert.equal(stats.workers.crashed, terminate);
    });
