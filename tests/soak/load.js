// Pools and channels at full load, round after round, while workers are terminated at random. After
// each round every record and every call is accounted for, and the space is as it was before.
import { random } from '../conformance/random.js';
import * as sdk from '../conformance/sdk.js';

/** @typedef {import('../conformance/env.js').Env} Env */
/** @typedef {{used: number, page: number, worker: number, received: number, calls: number, deaths: number}} Round */
/** @typedef {Round & {resident: number}} Sample `resident`: of the process that has page and workers, with all
 * their memories; Chromium tells nobody a worker's heap alone */

const WORKER = 'tests/soak/worker.js';
/** Of a round. */
const FULL = { records: 3000, calls: 1500 };
const AT_ONCE = 64;

/** @returns {import('sluice').ChannelOptions<any>} */
export const OPTIONS = () => ({ kind: 'mpsc', capacity: 16 * 1024, codec: sdk.json() });

/** Each 50th takes a block. @param {number} who @param {number} index */
export const record = (who, index) => ({
  who,
  index,
  pad: index % 50 === 0 ? 'x'.repeat(4000) : '',
});

/** This thread's heap. */
function heap() {
  const { gc, performance: clock } = /** @type {any} */ (globalThis);
  gc?.();
  return clock.memory ? clock.memory.usedJSHeapSize : process.memoryUsage().heapUsed;
}

/**
 * Waits for a condition, as long as there is progress: that `what` says something else.
 *
 * @param {() => boolean} condition
 * @param {() => string} what
 */
async function until(condition, what) {
  let last = '';
  for (let since = 0; !condition(); ) {
    const now = what();
    if (now !== last) {
      last = now;
      since = performance.now();
    } else if (performance.now() > since + 20_000) throw new Error(`soak: still ${now}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * @param {Env} env
 * @param {number} seed
 * @param {typeof FULL} [load]
 * @returns {Promise<{round(): Promise<Round>, close(): Promise<void>}>}
 */
export async function startSoak(env, seed, load = FULL) {
  const number = random(seed);
  const space = await sdk.create(env.options);
  const make = () => env.worker(env.url(WORKER));
  const lasting = await sdk.spawn(space, make);
  const remote = /** @type {any} */ (sdk.connect(lasting));
  // Both ends stay open: no round is the channel's end.
  const records = sdk.channel(space, 'records', OPTIONS());
  const anchor = records.sender();
  const receiver = records.receiver();
  /** Of each sender the record that comes next. @type {Map<number, number>} */
  const next = new Map();
  let received = 0;
  const reading = (async () => {
    for await (const { who, index, pad } of receiver) {
      const wanted = next.get(who) ?? 0;
      const size = index % 50 === 0 ? 4000 : 0;
      if (index !== wanted || pad.length !== size) {
        throw new Error(`soak: record ${index} of ${who} came in place of ${wanted}`);
      }
      next.set(who, wanted + 1);
      received++;
    }
  })();
  let failure = /** @type {unknown} */ (undefined);
  reading.catch((error) => {
    failure = error;
  });
  let whos = 0;
  let calls = 0;
  let deaths = 0;

  /** A sender, which may be terminated in the middle. @param {boolean} dies */
  async function pour(dies) {
    const who = whos++;
    const peer = await sdk.spawn(space, make);
    const call = /** @type {any} */ (sdk.connect(peer)).pour(who, load.records);
    if (dies) {
      const at = number(load.records);
      await until(
        () => failure !== undefined || (next.get(who) ?? 0) > at,
        () => `${next.get(who)} of ${at} records of ${who}`,
      );
      peer.worker.terminate();
      deaths++;
      await call.catch((/** @type {any} */ error) => {
        if (error.code !== 'peer-lost') throw error;
      });
    } else {
      await call;
      await until(
        () => failure !== undefined || next.get(who) === load.records,
        () => `${next.get(who)} of ${load.records} records of ${who} came`,
      );
    }
    await peer.terminate();
  }

  /** Calls that a pool answers while its workers die. */
  async function usePool() {
    /** @type {Worker[]} */
    const workers = [];
    const made = /** @type {any} */ (
      sdk.pool(
        space,
        () => {
          const worker = make();
          workers.push(worker);
          return worker;
        },
        { size: 2 },
      )
    );
    let left = load.calls;
    let lost = 0;
    const some = async () => {
      while (left-- > 0) {
        const n = left;
        try {
          const right =
            n % 3 === 0
              ? (await made.run('echo', [`${n}`])) === `${n}`
              : (await made.run('twice', [n])) === 2 * n;
          if (!right) throw new Error(`soak: the wrong result of call ${n}`);
        } catch (error) {
          if (/** @type {any} */ (error).code !== 'peer-lost') throw error;
          lost++;
        }
        calls++;
        if (n === load.calls >> 1) {
          workers[number(workers.length)].terminate();
          deaths++;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    const { completed, failed } = made.stats();
    if (completed + failed !== load.calls || failed !== lost) {
      throw new Error(`soak: ${completed} calls done, ${failed} failed, of ${load.calls}`);
    }
    await made.close();
  }

  return {
    async round() {
      await Promise.all([pour(false), pour(true), usePool()]);
      if (failure) throw failure;
      await until(
        () => space.stats().peers === 2,
        () => `${space.stats().peers} threads are there`,
      );
      next.clear();
      const worker = await remote.heap();
      const { used } = space.stats();
      return { used, page: heap(), worker, received, calls, deaths };
    },
    async close() {
      anchor.close();
      await reading;
      const { sent, received: counted } = records.stats();
      if (sent !== received || counted !== received) {
        throw new Error(
          `soak: ${sent} sent, ${counted} received as the channel says, and ${received} seen`,
        );
      }
      await lasting.terminate();
      await space.close();
    },
  };
}

/** What may come on top from the first third of the samples to the last, in bytes: what the engines
 * keep of code and of their own. A record or a call that stayed would be a hundred times as much. */
export const TOLERANCE = 3 * 2 ** 20;
/** The same of the process, which a worker's memory that stayed for each round would fill a hundred times. */
const RESIDENT = 48 * 2 ** 20;

/**
 * @param {Sample[]} samples without those of the warm-up
 * @returns {string[]} what has grown
 */
export function growth(samples) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  /** @param {Sample[]} some @param {'page' | 'worker' | 'used' | 'resident'} key */
  const least = (some, key) => Math.min(...some.map((sample) => sample[key]));
  const grown = [];
  for (const [key, tolerance] of /** @type {const} */ ([
    ['page', TOLERANCE],
    ['worker', TOLERANCE],
    ['used', 0],
    ['resident', RESIDENT],
  ])) {
    const [first, last] = [least(samples.slice(0, third), key), least(samples.slice(-third), key)];
    if (last - first > tolerance) grown.push(`${key} grew from ${first} to ${last} bytes`);
  }
  return grown;
}
