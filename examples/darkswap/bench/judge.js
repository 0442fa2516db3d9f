/** One batch of signed orders, judged by each library: the work that all carriers carry. */

import { schnorr } from '@noble/curves/secp256k1.js';
import { alloc, create } from 'sluice';
import { verifySchnorr } from 'tiny-secp256k1';
import { engineOf, VERDICT_BYTES } from '../engine/book.js';
import { frames } from '../gossip/message.js';
import { readBytes } from '../gossip/read.js';
import { check } from '../reference/check.js';

/** @typedef {'engine' | 'noble' | 'tiny'} Library */

const REGTEST = 2;
const MOST = 64 * 1024;

/** The engine in this thread alone, over memory of its own. */
async function makeEngine() {
  const wasm = await readBytes(
    new URL('../../../build/darkswap/engine.wasm', import.meta.url).href,
  );
  const space = await create({ wasm, bytes: 2 ** 20, transport: 'message' });
  const engine = engineOf(space);
  const input = alloc(space, MOST);
  const verdicts = alloc(space, MOST);
  /** @param {Uint8Array} batch @param {number} count */
  return (batch, count) => {
    input.bytes.set(batch);
    const [from, into] = [input.bytes.byteOffset, verdicts.bytes.byteOffset];
    engine.ds_verify_batch(from, batch.length, REGTEST, into, count);
    let good = 0;
    for (let i = 0; i < count; i++) if (verdicts.bytes[i * VERDICT_BYTES] === 0) good++;
    return good;
  };
}

/** @type {Record<'noble' | 'tiny', import('../reference/check.js').VerifySignature>} */
const libraries = {
  noble: (id, key, signature) => schnorr.verify(signature, id, key),
  tiny: (id, key, signature) => verifySchnorr(id, key, signature),
};

/** @type {ReturnType<typeof makeEngine> | undefined} */
let engine;

/**
 * @param {Library} library
 * @param {Uint8Array} batch frames
 * @param {number} count
 * @returns {Promise<number>} how many are valid
 */
export async function judge(library, batch, count) {
  if (library === 'engine') {
    engine ??= makeEngine();
    return (await engine)(batch, count);
  }
  let good = 0;
  for (const { message, time } of frames(batch))
    if (check(message, time, REGTEST, libraries[library]).code === 0) good++;
  return good;
}
