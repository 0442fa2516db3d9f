// Random programs against a model: the same ones each time, from the seed BASE on.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { nodeEnv, runPrograms, seedOf } from '../random/main.js';
import { makeProgram } from '../random/program.js';
import { runProgram } from '../random/run.js';
import { clearResult, writeResult } from '../results.js';

const BASE = Number(process.env.BASE ?? 1);
/** Another core.wasm takes a look only. */
const COUNT = process.env.SLUICE_RESULTS ? 10 : 60;
/** Such as found something once. */
const FOUND = { shared: [63416706, 74073835], message: [27352, 30391, 31404, 4157015, 5397940] };

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  const suite = `random-${transport}`;
  let failed = 0;
  clearResult(suite);
  test(`random programs over ${transport}, base seed ${BASE}`, { timeout: 300_000 }, async () => {
    const seeds = [
      ...FOUND[transport],
      ...Array.from({ length: COUNT }, (_, i) => seedOf(BASE, i)),
    ];
    /** @type {string[]} */
    const messages = [];
    await runPrograms(transport, seeds, (message) => messages.push(message));
    failed = messages.length;
    if (failed > 0)
      throw new Error(`${failed} of ${seeds.length} failed:\n${messages.join('\n\n')}`);
    writeResult(suite, {
      name: `random ${transport}`,
      engine: 'node',
      version: process.versions.node,
      passed: seeds.length,
      failed: 0,
    });
  });
}

test('a program that fails prints its seed, how to run it again, and itself', async () => {
  const [seed, transport] = [27352, /** @type {const} */ ('message')];
  const failing = runProgram(nodeEnv(transport), seed, { deadline: 1 });
  const { message } = await failing.then(
    () => assert.fail('a program takes longer than a millisecond'),
    (error) => error,
  );
  assert.match(message, /random program 27352 over message in node failed: .*not ended after 1 ms/);
  assert.match(message, /SEED=27352 TRANSPORT=message make replay-random/);
  const { seed: _, ...program } = makeProgram(seed, { transport });
  assert.ok(message.includes(JSON.stringify(program)), 'the program');
});

after(() => {
  // What a program leaves behind would keep this one from its end.
  const timer = setTimeout(() => {
    console.error(`still alive: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, 5000);
  timer.unref();
});
