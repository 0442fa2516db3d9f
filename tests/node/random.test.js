// Random programs against a model: the same ones each time, from the seed BASE on.
import { after, test } from 'node:test';
import { runPrograms, seedOf } from '../random/main.js';
import { clearResult, writeResult } from '../results.js';

const BASE = Number(process.env.BASE ?? 1);
/** Another core.wasm takes a look only. */
const COUNT = process.env.SLUICE_RESULTS ? 10 : 60;
/** Such as found something once. */
const FOUND = { shared: [], message: [27352, 30391, 31404, 4157015] };

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

after(() => {
  // What a program leaves behind would keep this one from its end.
  const timer = setTimeout(() => {
    console.error(`still alive: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, 5000);
  timer.unref();
});
