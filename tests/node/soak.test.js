// Small rounds of the soak (tests/soak): the load itself works, and a round leaves the space as it was.
import { test } from 'node:test';
import { nodeEnv } from '../random/main.js';
import { startSoak } from '../soak/load.js';

/** A space makes room for more threads when more than ever are in it at once, and keeps that. */
const ROUNDS = 8;

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  test(`rounds of the soak over ${transport}`, { timeout: 120_000 }, async () => {
    const soak = await startSoak(nodeEnv(transport), 1, { records: 300, calls: 150 });
    const used = [(await soak.round()).used];
    do used.push((await soak.round()).used);
    while (used.at(-1) !== used.at(-2) && used.length < ROUNDS);
    await soak.close();
    if (used.at(-1) !== used.at(-2)) throw new Error(`bytes in use, round by round: ${used}`);
  });
}
