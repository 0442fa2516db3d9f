/** A recorded session in Node: over shared memory, over messages and in one thread; part of `make demo`. */

import { readFile } from 'node:fs/promises';
import { create } from 'sluice';
import { matchAlone } from './pipeline/alone.js';
import { quantile } from './pipeline/latency.js';
import { REGTEST, replay } from './pipeline/replay.js';

const MESSAGES = 5000;
const built = new URL('../../build/darkswap/', import.meta.url);
const session = new URL(`session-${MESSAGES}.bin`, built);

/** @param {string} way @param {string} digest @param {number} ms @param {string} more */
function report(way, digest, ms, more) {
  const same = digest === expected.digest;
  const rate = Math.round((MESSAGES / ms) * 1000).toLocaleString('en');
  console.log(
    `${same ? 'ok    ' : 'FAILED'}  ${way.padEnd(34)} ${rate.padStart(8)} messages/s${more}`,
  );
  return same;
}

const wasm = await readFile(new URL('engine.wasm', built));
const expected = JSON.parse(await readFile(new URL(`${session.href}.json`), 'utf8'));

async function alone() {
  const bytes = new Uint8Array(await readFile(session));
  const space = await create({ wasm, bytes: 8 * 2 ** 20 });
  const started = performance.now();
  const { digest } = matchAlone(space, bytes, { network: REGTEST });
  const ms = performance.now() - started;
  await space.close();
  return report('one thread', digest, ms, '');
}

/** @param {'shared' | 'message'} transport @param {number} workers @param {number} terminate */
async function exchange(transport, workers, terminate) {
  const { outcome, ms, stats } = await replay({
    ...{ wasm, session: session.href, messages: MESSAGES },
    ...{ transport, workers, terminate },
  });
  const way = `${transport}, ${workers} verify${terminate > 0 ? `, ${terminate} terminated` : ''}`;
  const [half, most] = [0.5, 0.99].map((share) => quantile(stats.verifyMs, share).toFixed(1));
  return report(way, outcome.digest, ms, `, verified after ${half} ms (p50), ${most} ms (p99)`);
}

console.log(
  `DarkSwap: ${MESSAGES} gossip messages, ${expected.events} events, ${expected.kinds[4]} trades, ` +
    `${expected.kinds[6]} refused; each way gives the event log of the reference matcher`,
);
const held = [
  await alone(),
  await exchange('shared', 1, 0),
  await exchange('shared', 2, 0),
  await exchange('shared', 2, 1),
  await exchange('message', 2, 0),
];
process.exitCode = held.every(Boolean) ? 0 : 1;
