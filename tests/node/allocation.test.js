// Zero copy means zero garbage: claim(), commit(), drain() and a struct's readers allocate nothing
// per record, however many there are. Nor does a cell's get(), where its codec decodes into an array of
// its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GCProfiler } from 'node:v8';
import { cell, channel, create, struct } from 'sluice';

const BATCH = 512;
const ROUNDS = 400;
/** What the engine itself may take meanwhile, for profiles and code: a tenth of a byte a record. */
const NOISE = (BATCH * ROUNDS) / 10;

/** Bytes that `run` leaves behind once it is compiled. @param {() => void} run */
function garbageOf(run) {
  run(); // until it is compiled
  run();
  let least = Infinity;
  // Compilation may end in the middle of one: the best of a few is what the code itself takes.
  for (let attempt = 0; attempt < 5; attempt++) {
    const collections = new GCProfiler();
    collections.start();
    const before = process.memoryUsage().heapUsed;
    run();
    const taken = process.memoryUsage().heapUsed - before;
    const { statistics } = collections.stop();
    if (statistics.length === 0) least = Math.min(least, taken);
  }
  return least;
}

for (const kind of /** @type {const} */ (['spsc', 'mpsc', 'mpmc', 'broadcast'])) {
  test(`${kind}: claim, commit and drain make no garbage`, async () => {
    const space = await create();
    const tick = struct({ price: 'f64', size: 'u32' });
    const both = channel(space, 'ticks', { kind, capacity: 1 << 16, codec: tick });
    const receiver = both.receiver();
    const sender = both.sender();
    const view = new DataView(space.memory.buffer);
    const { price, size } = tick.at;
    const sums = new Float64Array(2); // a number that a closure changes would be garbage each time
    /** @param {Uint8Array} _memory @param {number} offset */
    const use = (_memory, offset) => {
      sums[0] += price(view, offset) + size(view, offset);
      sums[1]++;
    };
    /** @param {number} rounds */
    const run = (rounds) => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < BATCH; i++) {
          const claim = /** @type {import('sluice').Claim} */ (sender.claim(16));
          view.setFloat64(claim.offset, 0.5, true);
          view.setUint32(claim.offset + 8, 1, true);
          claim.commit();
        }
        receiver.drain(use);
      }
    };
    const least = garbageOf(() => run(ROUNDS));
    assert.deepEqual([...sums], [1.5 * sums[1], BATCH * ROUNDS * 7]);
    assert.ok(
      least < NOISE,
      `${least} bytes (Infinity: garbage was collected each time) for ${BATCH * ROUNDS} records`,
    );
    await space.close();
  });
}

test("a cell's get() makes no garbage where its codec makes none", async () => {
  const space = await create();
  const shape = struct({ frequency: 'f64', gain: 'f64' });
  const words = new Float64Array(space.memory.buffer);
  const seen = new Float64Array(2);
  /** @type {import('sluice').Codec<any>} */
  const codec = {
    ...shape,
    decode(_memory, offset) {
      seen[0] = words[offset >> 3];
      seen[1] = words[(offset >> 3) + 1];
      return seen;
    },
  };
  const tone = cell(space, 'tone', codec, { frequency: 440.5, gain: 0.5 });
  const sums = new Float64Array(1);
  const least = garbageOf(() => {
    for (let i = 0; i < BATCH * ROUNDS; i++) sums[0] += tone.get()[1];
  });
  assert.deepEqual([...sums], [(BATCH * ROUNDS * 7) / 2]);
  assert.ok(least < NOISE, `${least} bytes for ${BATCH * ROUNDS} reads`);
  await space.close();
});
