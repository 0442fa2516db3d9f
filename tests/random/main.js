// Random programs in Node: PROGRAMS of them over each transport, from the seed BASE on; or the one
// whose SEED it is, REPEAT times, over TRANSPORT, of at most
// THREADS.
import { pathToFileURL } from 'node:url';
import { Worker as NodeWorker } from 'node:worker_threads';
import { nodeSetting } from '../conformance/env.js';
import { runProgram } from './run.js';

const root = new URL('../../', import.meta.url);

/** @param {'shared' | 'message'} transport @returns {import('../conformance/env.js').Env} */
export const nodeEnv = (transport) => ({
  ...nodeSetting(transport),
  url: (path) => new URL(path, root).href,
  fault: (path) => path,
  worker: (path) => /** @type {any} */ (new NodeWorker(new URL(path))),
});

/** @param {number} base @param {number} index */
export const seedOf = (base, index) => (base + index * 1013) >>> 0;

/** So many run at once: they wait more than they compute. */
const AT_ONCE = 2;

/**
 * @param {'shared' | 'message'} transport
 * @param {number[]} seeds
 * @param {(message: string) => void} onFailure
 */
export async function runPrograms(transport, seeds, onFailure) {
  const { THREADS } = process.env;
  const mostThreads = THREADS === undefined ? undefined : Number(THREADS);
  const left = seeds.values();
  async function some() {
    for (const seed of left) {
      await runProgram(nodeEnv(transport), seed, { mostThreads }).catch(({ message }) =>
        onFailure(message),
      );
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some));
}

async function main() {
  const { SEED, TRANSPORT, REPEAT = '1', PROGRAMS = '1000', BASE } = process.env;
  const base = Number(SEED ?? BASE ?? Math.floor(Math.random() * 2 ** 31));
  const count = Number(SEED === undefined ? PROGRAMS : REPEAT);
  const both = /** @type {const} */ (['shared', 'message']);
  const transports = TRANSPORT ? both.filter((one) => one === TRANSPORT) : both;
  if (transports.length === 0) throw new Error(`TRANSPORT is shared or message, not ${TRANSPORT}`);
  let failures = 0;
  // Of a program that was given up, perhaps: the others go on.
  process.on('unhandledRejection', (error) => {
    failures++;
    console.log(`\nFAILED in the background: ${/** @type {any} */ (error)?.stack ?? error}`);
  });
  for (const transport of transports) {
    const began = performance.now();
    console.log(`${count} random programs over ${transport}, base seed ${base}`);
    const seeds = Array.from({ length: count }, (_, i) =>
      SEED === undefined ? seedOf(base, i) : base,
    );
    await runPrograms(transport, seeds, (message) => {
      failures++;
      console.log(`\nFAILED ${message}`);
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${transport}: ${count} programs in ${seconds} s, ${failures} failures so far`);
  }
  process.exitCode = failures > 0 ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
