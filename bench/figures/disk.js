/** A module of 1.2 MB on a page's second load, from the disk, against the first, from a server. */

import { line } from '../line.js';
import { clearWasmModuleCache } from '../loader.js';
import { inTurns, median, ratio } from '../stats.js';
import { openFrame } from './frame.js';

const FILE = 'node_modules/tiny-secp256k1/lib/secp256k1.wasm';
const COUNTS = { rounds: 9, warm: 1 };
const TARGET = { at_most: 0.2 };
/** 20 Mbit a second, and 40 ms to an answer. */
const NETWORK = { rate: 2_500_000, latency: 40 };

/** Only in browsers: Node has no disk cache. @param {import('../team.js').Env} env */
export async function disk(env) {
  if (env.engine === 'node') return [];
  let round = 0;
  const url = () =>
    // The server's, which is of no tree.
    `${location.origin}/faults/module.wasm?file=${FILE}&etag=1&key=${round}&rate=${NETWORK.rate}&latency=${NETWORK.latency}`;
  /** @type {number[]} */
  const seconds = [];
  const { first } = await inTurns(
    {
      // A round is both, in this order.
      async first() {
        round++;
        await clearWasmModuleCache();
        const one = await openFrame(env, 'fromDisk', url(), 'no');
        // WebKit keeps nothing of a page that goes at once.
        const other = await openFrame(env, 'fromDisk', url(), 'disk');
        for (const { close } of [one, other]) close();
        seconds.push(other.ms);
        return one.ms;
      },
    },
    COUNTS,
  );
  const second = seconds.slice(COUNTS.warm);
  const params = { bytes: 1_242_788, ...NETWORK, ...COUNTS };
  return [
    line('start.module.first', median(first), 'ms', params),
    line('start.module.from_disk', median(second), 'ms', params),
    line('start.module.from_disk.of_first', ratio(second, first), 'ratio', params, TARGET),
  ];
}
