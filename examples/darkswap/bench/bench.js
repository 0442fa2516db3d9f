/**
 * `make bench-darkswap`: figures of the exchange in Node, and of its page in Chromium, a JSON line each. Contestants take turns within
 * one run; a figure is the median of the rounds.
 */

import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { alloc, create } from 'sluice';
import { engineOf, makeBook, VERDICT_BYTES } from '../engine/book.js';
import { frames } from '../gossip/message.js';
import { quantile } from '../pipeline/latency.js';
import { REGTEST, replay } from '../pipeline/replay.js';
import { overBlocks, overComlink, overPool, overWorkerpool } from './carriers.js';
import { pageTimes } from './page-time.js';

/** @typedef {import('./carriers.js').Batch} Batch */

const ROUNDS = 7;
/** Rounds before those. */
const WARM = 3;
const BATCH = 20;
/** Batches that are on their way at once, for each worker. */
const AHEAD = 4;
const built = new URL('../../../build/darkswap/', import.meta.url);
const session = new URL('session-5000.bin', built);
const wasm = await readFile(new URL('engine.wasm', built));
const recorded = new Uint8Array(await readFile(session));

/** @param {string} name @param {number} value @param {string} unit @param {object} [more] */
const print = (name, value, unit, more = {}) =>
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, ...more }));

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Valid messages alone, as batches: who refuses early would win nothing. @param {Uint8Array} verdicts */
function validBatches(verdicts) {
  /** @type {Batch[]} */
  const batches = [];
  /** @type {Uint8Array[]} */
  let parts = [];
  let n = 0;
  for (const { at, message } of frames(recorded)) {
    if (verdicts[n++ * VERDICT_BYTES] === 0)
      parts.push(recorded.subarray(at, at + 24 + ((message.length + 7) & ~7)));
    if (parts.length < BATCH) continue;
    batches.push({ bytes: new Uint8Array(Buffer.concat(parts)), count: BATCH });
    parts = [];
  }
  return batches;
}

/** @param {import('./carriers.js').Carrier} carrier @param {Batch[]} batches @param {number} workers @param {number} count of batches, again from the first one when all are through */
async function carry(carrier, batches, workers, count) {
  const started = performance.now();
  let [next, good] = [0, 0];
  await Promise.all(
    Array.from({ length: workers * AHEAD }, async () => {
      while (next < count) {
        const valid = await carrier.run(batches[next++ % batches.length]);
        good += valid;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  if (good !== count * BATCH) throw new Error(`${good} of ${count * BATCH} valid`);
  return good / seconds;
}

/** @param {Batch[]} batches */
async function verified(batches) {
  const contest = [
    { name: 'engine in C, sluice', make: overBlocks, workers: 1, count: 240 },
    { name: 'engine in C, sluice', make: overBlocks, workers: 2, count: 480 },
    { name: 'engine in C, comlink', make: overComlink, workers: 2, count: 480 },
    { name: 'engine in C, workerpool', make: overWorkerpool, workers: 2, count: 480 },
    { name: 'tiny-secp256k1, sluice', make: overPool('tiny'), workers: 2, count: 30 },
    { name: '@noble/curves, sluice', make: overPool('noble'), workers: 2, count: 8 },
  ];
  const rates = contest.map(() => /** @type {number[]} */ ([]));
  const carriers = [];
  for (const { make, workers, count } of contest) {
    const carrier = await make(workers);
    carriers.push(carrier);
    // Until the compilers are done with it: they would take the second worker's processor.
    for (let i = 0; i < WARM; i++) await carry(carrier, batches, workers, count);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { workers, count }] of contest.entries()) {
      rates[i].push(await carry(carriers[i], batches, workers, count));
    }
  }
  for (const carrier of carriers) await carrier.close();
  const medians = rates.map(median);
  contest.forEach(({ name, workers }, i) => {
    const times = Number((medians[i] / medians[0]).toPrecision(3));
    print(`verified: ${name}`, medians[i], 'orders/s', { workers, times, of: 'sluice, 1 worker' });
  });
}

/** Verdicts of the whole session, and what the matcher alone does with them. */
async function matched() {
  const space = await create({ wasm, bytes: 16 * 2 ** 20 });
  const engine = engineOf(space);
  const all = [...frames(recorded)];
  const input = alloc(space, recorded.length);
  const verdicts = alloc(space, all.length * VERDICT_BYTES);
  input.bytes.set(recorded);
  const [from, into] = [input.bytes.byteOffset, verdicts.bytes.byteOffset];
  engine.ds_verify_batch(from, recorded.length, REGTEST, into, all.length);
  const judged = verdicts.bytes.slice();
  /** @type {number[]} */
  const rates = [];
  for (let round = -2; round < ROUNDS; round++) {
    const book = makeBook(space, { network: REGTEST });
    const started = performance.now();
    all.forEach(({ at, message }, i) => {
      const frame = recorded.subarray(at, at + 24 + ((message.length + 7) & ~7));
      book.submit(frame, judged.subarray(i * VERDICT_BYTES, (i + 1) * VERDICT_BYTES));
      book.events(() => {});
    });
    if (round >= 0) rates.push(all.length / ((performance.now() - started) / 1000));
    book.close();
  }
  print('matched, verdicts given', median(rates), 'messages/s', { workers: 0 });
  await space.close();
  return judged;
}

/** Bursts of 20 messages at a rate that the exchange keeps up with. */
async function latencies() {
  for (const transport of /** @type {const} */ (['shared', 'message'])) {
    const before = performance.eventLoopUtilization();
    const { stats } = await replay({
      ...{ wasm, session: session.href, messages: 5000, transport, workers: 2 },
      pace: { burst: 20, everyMs: 10 },
    });
    const { active } = performance.eventLoopUtilization(before);
    for (const [what, times] of /** @type {const} */ ([
      ['verdict', stats.verifyMs],
      ['event', stats.matchMs],
    ]))
      for (const share of [0.5, 0.99])
        print(`receipt to ${what}, p${share * 100}`, quantile(times, share), 'ms', { transport });
    print('starting thread, busy for 1,000 messages', active / 5, 'ms', { transport });
  }
}

print('cores', cpus().length, 'cores', { node: process.versions.node });
await verified(validBatches(await matched()));
await latencies();
for (const { busy, script, idle, seconds, ...where } of await pageTimes()) {
  const [ofScript, ofIdle, inSeconds] = [script, idle, seconds].map((n) =>
    Number(n.toPrecision(4)),
  );
  const more = { ...where, script: ofScript, idle: ofIdle, seconds: inSeconds };
  print('page, main thread busy for 1,000 messages', busy, 'ms', more);
}
