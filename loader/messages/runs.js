/**
 * Frames that the relay has, and nobody has got yet.
 *
 * @typedef {(message: any, transfer?: Transferable[]) => void} Post
 * @typedef {{post: Post}} Source a sender
 * @typedef {{words: Int32Array, bytes: Uint8Array, at: number, blocks: ArrayBuffer[], source: Source | undefined, from: number}} Run
 *   those from `at` on; `source`: who has to be told when they are released; `from`: so many bytes came before
 */

import { measure } from './frames.js';

/** @param {ArrayBuffer} bytes @param {ArrayBuffer[]} blocks @param {Source | undefined} source @param {number} from @returns {Run} */
export const toRun = (bytes, blocks, source, from) => ({
  bytes: new Uint8Array(bytes),
  words: new Int32Array(bytes),
  at: 0,
  blocks,
  source,
  from,
});

/**
 * What a receiver gives back of the run that it was given under that number.
 *
 * @typedef {{run: number, bytes: ArrayBuffer, blocks: ArrayBuffer[]}} Part
 *
 * The next records of a run, at most so many.
 *
 * @typedef {{bytes: ArrayBuffer, records: number, blocks: ArrayBuffer[], source: Source | undefined, end: number}} Cut
 *   `end`: so many bytes came up to there
 *
 * @param {Run} run
 * @param {number} limit
 * @returns {Cut}
 */
export function cut(run, limit) {
  const { words, bytes, at, source } = run;
  let count = 0;
  const found = measure(words, at, bytes.length, limit, () => count++);
  run.at += found.bytes;
  return {
    bytes:
      found.bytes === bytes.length
        ? /** @type {ArrayBuffer} */ (bytes.buffer)
        : bytes.slice(at, run.at).buffer,
    records: found.records,
    blocks: run.blocks.splice(0, count),
    source,
    end: run.from + run.at,
  };
}
