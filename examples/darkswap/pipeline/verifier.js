/** A verifying thread's work: pure, so that it may be done twice when a thread dies. */

import { alloc, block } from 'sluice';
import { engineOf, VERDICT_BYTES } from '../engine/book.js';
import { dispose } from '../engine/dispose.js';

/** @param {import('sluice').Space} space */
export function makeVerifier(space) {
  const engine = engineOf(space);
  /** @type {import('sluice').Block | undefined} */
  let verdicts;

  return {
    /**
     * @param {import('sluice').Handle} handle of a block of frames
     * @param {number} bytes of them
     * @param {number} count
     * @param {number} network
     * @returns {Uint8Array} as many verdicts
     */
    verify(handle, bytes, count, network) {
      const size = count * VERDICT_BYTES;
      if (!verdicts || verdicts.bytes.length < size) {
        if (verdicts) dispose(verdicts);
        verdicts = alloc(space, size);
      }
      const frames = block(space, handle);
      try {
        const into = verdicts.bytes.byteOffset;
        const done = engine.ds_verify_batch(frames.bytes.byteOffset, bytes, network, into, count);
        if (done !== count) throw new Error(`a batch of ${count} frames gave ${done}`);
        return verdicts.bytes.slice(0, size);
      } finally {
        dispose(frames);
      }
    },
  };
}

/** @typedef {ReturnType<typeof makeVerifier>} Verifier */
