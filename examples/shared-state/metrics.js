/**
 * How long data takes to another thread and back, by plain messages and through the state. A trip is the
 * whole of it: what comes back is there to be read, and is what the other thread made of what it got. Both
 * ways go in turn, so that what else the machine does meets both.
 *
 * @typedef {{msPerTrip: number, bytesPerSecond: number}} Speed `bytesPerSecond`: there and back together
 * @typedef {{
 *   bytes: number, trips: number, stepMs: number,
 *   traditional?: Speed, shared?: Speed, improvement?: number, refused?: string,
 * }} Transfer of values of so many bytes; `trips` were timed at once. `improvement`: how many times as
 *   fast the state is. `refused`: why there are no figures
 * @typedef {{
 *   make?: () => Worker, now?: () => number, timeout?: number,
 * } & import('./state.js').StateOptions} MetricsOptions `make`: the worker at the other end; `now`: a
 *   clock in milliseconds; `timeout`: of the whole measurement, in milliseconds, a minute by default
 */

import { SluiceError, spawn } from 'sluice';
import { median, stepOf } from './clock.js';
import { listen } from './port.js';
import { SharedMemoryState } from './state.js';
import { answers, BACK, LEAST_BYTES, sameBytes, stamp, THERE } from './trip.js';
import { startEcho } from './workers.js';

const SIZES = [1024, 16 * 1024, 256 * 1024, 1024 * 1024];
/** A time is known to a step, of so many steps to a twentieth; and less than this says little. */
const STEPS = 20;
const LEAST_MS = 5;
const ROUNDS = 3;
/** At once; where the clock does not tell even these apart there is no figure. */
const MOST_TRIPS = 16_384;
const WARM_UP = 3;
const MINUTE = 60_000;

export class SharedMemoryMetrics {
  #options;

  /** @param {MetricsOptions} [options] */
  constructor(options = {}) {
    this.#options = options;
  }

  /**
   * @param {number[]} [sizes] of the values, in bytes, 4 or more
   * @returns {Promise<Transfer[]>} one a size
   */
  async measureTransferSpeed(sizes = SIZES) {
    for (const bytes of sizes) {
      if (Number.isSafeInteger(bytes) && bytes >= LEAST_BYTES) continue;
      throw new TypeError(`a size is a whole number of bytes from ${LEAST_BYTES} on, not ${bytes}`);
    }
    if (sizes.length === 0) return [];
    const { make = startEcho, now = () => performance.now(), timeout = MINUTE } = this.#options;
    const { transport, fallback } = this.#options;
    const stepMs = stepOf(now);
    if (stepMs === Infinity) return sizes.map((bytes) => refusal(bytes, 0, stepMs));
    const line = await open(make, Math.max(...sizes), { transport, fallback }, timeout);
    try {
      /** @type {Transfer[]} */
      const transfers = [];
      for (const bytes of sizes) transfers.push(await measure(line, bytes, now, stepMs));
      return transfers;
    } finally {
      await line.close();
    }
  }
}

/**
 * @typedef {(bytes: Uint8Array, number: number) => Promise<Uint8Array>} Trip rejects where the answer is
 *   not the other thread's to these bytes
 * @typedef {{traditional: Trip, shared: Trip, close(): Promise<void>}} Line
 */

/**
 * A worker at the other end of both ways.
 *
 * @param {() => Worker} make
 * @param {number} largest
 * @param {import('./state.js').StateOptions} options
 * @param {number} timeout
 * @returns {Promise<Line>}
 */
async function open(make, largest, options, timeout) {
  // Two values, each with its successor; and a block is up to twice as large as what is in it.
  const state = new SharedMemoryState(8 * largest + 2 ** 20, options);
  await state.ready;
  const peer = await spawn(state.space, make).catch(async (error) => {
    await state.close();
    throw error;
  });
  const over = new AbortController();
  const { signal } = over;
  const late = new SluiceError('timeout', `the worker did not answer all within ${timeout} ms`);
  const timer = setTimeout(() => over.abort(late), timeout);
  peer.lost.then((error) => over.abort(error));

  /** @type {(bytes: any) => void} */
  let came = () => {};
  listen(peer.worker, (data) => {
    if (data?.trip) came(data.trip);
  });
  const back = state.watch(BACK, { signal });

  return {
    traditional: (bytes, number) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        const fail = () => reject(signal.reason);
        signal.addEventListener('abort', fail, { once: true });
        came = (answer) => {
          signal.removeEventListener('abort', fail);
          if (answers(answer, number)) resolve(answer);
          else reject(changed(bytes));
        };
        peer.worker.postMessage({ trip: bytes });
      }),

    async shared(bytes, number) {
      const written = state.write(THERE, bytes, { signal });
      written.catch((error) => over.abort(error));
      for (;;) {
        const { value } = await back.next();
        // The watch begins with what is there.
        if (answers(value, number)) return value;
        if (value && !answers(value, number - 1)) throw changed(bytes);
      }
    },

    async close() {
      clearTimeout(timer);
      await peer.terminate();
      await state.close();
    },
  };
}

/**
 * @param {Line} line
 * @param {number} bytes
 * @param {() => number} now
 * @param {number} stepMs
 * @returns {Promise<Transfer>}
 */
async function measure(line, bytes, now, stepMs) {
  const sent = Uint8Array.from({ length: bytes }, (_, at) => at % 251);
  let number = 0;

  /** @param {Trip} trip @param {number} trips */
  async function time(trip, trips) {
    /** @type {Uint8Array} */
    let answer = sent;
    const start = now();
    for (let i = 0; i < trips; i++) {
      number++;
      answer = await trip(stamp(sent, number), number);
    }
    const took = now() - start;
    if (!sameBytes(sent, answer)) throw changed(sent);
    return took;
  }

  /** @param {number} trips */
  const both = async (trips) => ({
    traditional: await time(line.traditional, trips),
    shared: await time(line.shared, trips),
  });

  /** The median of some rounds, each way. @param {number} trips */
  async function times(trips) {
    const rounds = [];
    while (rounds.length < ROUNDS) rounds.push(await both(trips));
    return {
      traditional: median(rounds.map((round) => round.traditional)),
      shared: median(rounds.map((round) => round.shared)),
    };
  }

  await both(WARM_UP);
  const needed = Math.max(STEPS * stepMs, LEAST_MS);
  /** @param {{traditional: number, shared: number}} took */
  const least = (took) => Math.min(took.traditional, took.shared);
  for (let trips = 1; ; trips *= 2) {
    let took = await both(trips);
    // One round may have been long by something else that the machine did: what counts is the median.
    if (least(took) >= needed) took = await times(trips);
    if (least(took) >= needed) return figures(bytes, trips, stepMs, took);
    // What was not seen of a step counts, too.
    const most = ((least(took) + stepMs) * MOST_TRIPS) / trips;
    if (trips >= MOST_TRIPS || most < needed) return refusal(bytes, trips, stepMs);
  }
}

/**
 * @param {number} bytes
 * @param {number} trips
 * @param {number} stepMs
 * @param {{traditional: number, shared: number}} took
 * @returns {Transfer}
 */
function figures(bytes, trips, stepMs, took) {
  const traditional = speed(bytes, trips, took.traditional);
  const shared = speed(bytes, trips, took.shared);
  const improvement = traditional.msPerTrip / shared.msPerTrip;
  return { bytes, trips, stepMs, traditional, shared, improvement };
}

/** @param {number} bytes @param {number} trips @param {number} stepMs @returns {Transfer} */
function refusal(bytes, trips, stepMs) {
  const moves = stepMs < Infinity ? `goes on by ${stepMs} ms at once` : 'does not move';
  const refused = `the clock ${moves}: too coarse for ${trips} trips of ${bytes} bytes`;
  return { bytes, trips, stepMs, refused };
}

/** @param {number} bytes @param {number} trips @param {number} ms @returns {Speed} */
const speed = (bytes, trips, ms) => ({
  msPerTrip: ms / trips,
  bytesPerSecond: (2 * bytes * trips * 1000) / ms,
});

/** @param {Uint8Array} bytes */
const changed = ({ length }) =>
  new SluiceError('mismatch', `${length} bytes came back from the worker as others than were sent`);
