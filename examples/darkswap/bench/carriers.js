/** Ways of carrying batches to workers: each has so many, keeps them busy, and says how many were valid. */

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { alloc, create, pool } from 'sluice';
import workerpool from 'workerpool';
import { VERDICT_BYTES } from '../engine/book.js';
import { dispose } from '../engine/dispose.js';
import { readBytes } from '../gossip/read.js';

/**
 * @typedef {{bytes: Uint8Array, count: number}} Batch
 * @typedef {{run(batch: Batch): Promise<number>, close(): Promise<unknown>}} Carrier
 * @typedef {import('./judge.js').Library} Library
 */

/** @param {string} name */
const script = (name) => new URL(`./${name}-worker.js`, import.meta.url);

/** @param {number} workers */
async function sluicePool(workers) {
  const wasm = await readBytes(
    new URL('../../../build/darkswap/engine.wasm', import.meta.url).href,
  );
  const space = await create({ wasm, bytes: 4 * 2 ** 20 });
  const makeWorker = () => /** @type {any} */ (new Worker(script('sluice')));
  /** @type {import('sluice').Pool<any>} */
  const crew = pool(space, makeWorker, { size: workers, minSize: workers, blocking: true });
  return { space, crew, close: () => crew.close().then(() => space.close()) };
}

/** As the intake does it: a block by handle. @param {number} workers @returns {Promise<Carrier>} */
export async function overBlocks(workers) {
  const { space, crew, close } = await sluicePool(workers);
  return {
    async run({ bytes, count }) {
      const block = alloc(space, bytes.length);
      block.bytes.set(bytes);
      const verdicts = await crew.run('verify', [block.handle, bytes.length, count, 2]);
      dispose(block);
      let good = 0;
      for (let i = 0; i < verdicts.length; i += VERDICT_BYTES) if (verdicts[i] === 0) good++;
      return good;
    },
    close,
  };
}

/** The same pool, another library. @param {Library} library @returns {(workers: number) => Promise<Carrier>} */
export const overPool = (library) => async (workers) => {
  const { crew, close } = await sluicePool(workers);
  return { run: ({ bytes, count }) => crew.run('judge', [library, bytes, count]), close };
};

/** @param {number} workers @returns {Promise<Carrier>} */
export async function overComlink(workers) {
  const started = Array.from({ length: workers }, () => new Worker(script('comlink')));
  const remotes = started.map((worker) => /** @type {any} */ (Comlink.wrap(nodeEndpoint(worker))));
  let next = 0;
  return {
    run: ({ bytes, count }) => remotes[next++ % workers].judge('engine', bytes, count),
    close: () => Promise.all(started.map((worker) => worker.terminate())),
  };
}

/** @param {number} workers @returns {Promise<Carrier>} */
export async function overWorkerpool(workers) {
  const crew = workerpool.pool(fileURLToPath(script('workerpool')), {
    ...{ minWorkers: workers, maxWorkers: workers, workerType: 'thread' },
  });
  return {
    run: async ({ bytes, count }) => crew.exec('judge', ['engine', bytes, count]),
    close: async () => crew.terminate(),
  };
}
