// Two small rounds of the soak (tests/soak): the load itself works, and the space is as before.
import { test } from 'node:test';
import { nodeEnv } from '../random/main.js';
import { startSoak } from '../soak/load.js';

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  test(`two rounds of the soak over ${transport}`, { timeout: 60_000 }, async () => {
    const soak = await startSoak(nodeEnv(transport), 1, { records: 300, calls: 150 });
    await soak.round();
    const { used } = await soak.round();
    const last = await soak.round();
    await soak.close();
    if (last.used !== used) throw new Error(`${last.used} bytes in use, ${used} a round before`);
  });
}
