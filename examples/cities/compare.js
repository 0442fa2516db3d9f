/**
 * The ways side by side: warmed up, then round by round in turn, so that what else the machine does
 * meets all of them; the median round counts.
 *
 * @typedef {import('./pair.js').Way} Way
 * @typedef {import('./pair.js').Job} Job
 * @typedef {import('./pair.js').Run} Run
 * @typedef {{recordsPerSecond: number, bytesPerSecond: number}} Rate
 * @typedef {{name: string, ok: boolean}} Check
 * @typedef {Record<Job, Rate> & {way: Way}} Column
 */

import { makeDigest } from './digest.js';
import { place } from './place.js';
import { sameTotals, tallyAlone } from './tally.js';

/** @type {Job[]} */
export const JOBS = ['transport', 'whole'];

/** The places are sent over and over until a round is as long as the warm-up says, or so often. */
const ROUND_SECONDS = 0.6;
const MOST_PASSES = 12;

/**
 * What a single thread makes of the places, to check the others against.
 *
 * @param {import('./place.js').Place[]} places
 */
export async function workAlone(places) {
  const digest = makeDigest();
  for (const one of places) {
    const record = new Uint8Array(place.size(one));
    place.encode(one, record, 0);
    digest.add(record, 0, record.length);
  }
  return { totals: tallyAlone(places), sha256: await digest.sha256() };
}

/**
 * @param {import('./pair.js').Pair[]} pairs
 * @param {Awaited<ReturnType<typeof workAlone>>} alone
 * @param {number} rounds
 * @param {(pair: import('./pair.js').Pair, job: Job) => void} onRun a run begins
 * @returns {Promise<{columns: Column[], checks: Check[]}>}
 */
export async function compare(pairs, alone, rounds, onRun) {
  const lanes = pairs.map((pair) => ({
    pair,
    passes: 1,
    runs: { transport: /** @type {Run[]} */ ([]), whole: /** @type {Run[]} */ ([]) },
  }));

  /** @param {typeof lanes[number]} lane @param {Job} job */
  async function run({ pair, passes, runs }, job) {
    onRun(pair, job);
    runs[job].push(await pair.run(job, job === 'transport' ? passes : 1));
  }

  for (const lane of lanes) {
    for (const job of JOBS) await run(lane, job);
    const { seconds } = lane.runs.transport[0];
    lane.passes = Math.min(Math.ceil(ROUND_SECONDS / seconds), MOST_PASSES);
  }
  for (let round = 0; round < rounds; round++) {
    for (const job of JOBS) for (const lane of lanes) await run(lane, job);
  }

  return {
    columns: lanes.map(({ pair: { way }, runs }) => ({
      way,
      transport: median(runs.transport.slice(-rounds)),
      whole: median(runs.whole.slice(-rounds)),
    })),
    checks: lanes.flatMap(({ pair: { way }, runs: { transport, whole } }) => [
      check(`${way}: SHA-256 of the records sent and received`, transport, sameBytes),
      check(
        `${way}: SHA-256 of the whole job, sent, received and in a single thread`,
        whole,
        (run) => sameBytes(run) && run.sent === alone.sha256,
      ),
      check(`${way}: countries and bounding box, against a single thread`, whole, (run) =>
        sameTotals(run.totals, alone.totals),
      ),
    ]),
  };
}

/** @param {Run} run */
const sameBytes = ({ sent, received }) => sent === received;

/** @param {string} name @param {Run[]} runs @param {(run: Run) => boolean} holds */
const check = (name, runs, holds) => ({
  name: `${name} (${runs.length} runs)`,
  ok: runs.every(holds),
});

/** @param {Run[]} runs @returns {Rate} */
function median(runs) {
  const { records, bytes, seconds } = runs.toSorted(
    (a, b) => a.records / a.seconds - b.records / b.seconds,
  )[runs.length >> 1];
  return { recordsPerSecond: records / seconds, bytesPerSecond: bytes / seconds };
}
