// The engine's book against the reference matcher: SEED and OPERATIONS for other ones, or more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, EventKind } from '../../examples/darkswap/engine/event.js';
import { compareRandom } from './random-orders.js';

const SEED = Number(process.env.SEED ?? 1);
const OPERATIONS = Number(process.env.OPERATIONS ?? 20_000);

test('the engine and the reference matcher tell the same of random messages', async () => {
  const started = performance.now();
  const { operations, events, codes } = await compareRandom(SEED, OPERATIONS);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`reference: ${operations} operations from seed ${SEED}, ${seconds} s`, events, codes);
  // Every kind of event came, and every code that a book gives.
  for (const kind of Object.values(EventKind)) assert.ok(events[kind] > 0, `event ${kind}`);
  const { Expired, Replay, Unknown, NotMaker, Closed, Stale, Full, Overflow, SelfTrade } = Code;
  for (const code of [Expired, Replay, Unknown, NotMaker, Closed, Stale, Full, Overflow, SelfTrade])
    assert.ok(codes[code] > 0, `code ${code}`);
});
