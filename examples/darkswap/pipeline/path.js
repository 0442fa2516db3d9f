/**
 * An order's path in figures: how many messages were received, verified and matched, how long after their
 * receipt, and what was wrong with the others.
 */

import { VERDICT_BYTES } from '../engine/book.js';
import { addLatency, noLatencies } from './latency.js';

export function makePath() {
  const counts = { received: 0, verified: 0, refused: 0, matched: 0, rejected: 0 };
  /** @type {Record<number, number>} */
  const codes = {};
  const [verifyMs, matchMs] = [noLatencies(), noLatencies()];

  return {
    /** @param {number} count */
    received(count) {
      counts.received += count;
    },

    /** @param {Uint8Array} verdicts @param {number} ms */
    verified(verdicts, ms) {
      const count = verdicts.length / VERDICT_BYTES;
      counts.verified += count;
      for (let i = 0; i < verdicts.length; i += VERDICT_BYTES)
        if (verdicts[i] !== 0) counts.refused++;
      addLatency(verifyMs, ms, count);
    },

    /** @param {ArrayLike<number>} all each message's code @param {number} ms */
    matched(all, ms) {
      counts.matched += all.length;
      for (const code of Array.from(all)) {
        if (code === 0) continue;
        counts.rejected++;
        codes[code] = (codes[code] ?? 0) + 1;
      }
      addLatency(matchMs, ms, all.length);
    },

    /** `refused` by the workers that verify, `rejected` by these or the book, by `codes`. */
    stats: () => ({
      ...counts,
      codes: { ...codes },
      verifyMs: { count: verifyMs.count, buckets: [...verifyMs.buckets] },
      matchMs: { count: matchMs.count, buckets: [...matchMs.buckets] },
    }),
  };
}

/** @typedef {ReturnType<ReturnType<typeof makePath>['stats']>} PathStats */
