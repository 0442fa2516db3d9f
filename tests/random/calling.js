// Strands that call: what another thread serves, and a pool.
import { random } from '../conformance/random.js';
import * as sdk from '../conformance/sdk.js';
import { codeNumber, someWait, turn } from './world.js';

/** @typedef {import('./program.js').Strand} Strand */

class OwnError extends Error {
  /** @param {number} number */
  constructor(number) {
    super(`own ${number}`);
    this.code = 'own';
    this.number = number;
  }
}

/** What every thread serves. */
export const api = {
  /** @template T @param {T} value */
  echo: (value) => value,
  /** @param {number} a @param {number} b */
  add: (a, b) => a + b,
  /** @param {number} n */
  async later(n) {
    await turn();
    return n;
  },
  /** @param {number} number */
  fail(number) {
    throw new OwnError(number);
  },
  /** @param {number} count */
  async *count(count) {
    for (let i = 0; i < count; i++) yield i;
  },
  /** @param {any} callback @param {number} n */
  async apply(callback, n) {
    try {
      return await callback(n);
    } finally {
      callback.release();
    }
  },
  /** @this {import('sluice').Call} */
  untilAborted() {
    return new Promise((_, reject) => {
      const end = () => reject(this.signal.reason);
      if (this.signal.aborted) end();
      else this.signal.addEventListener('abort', end);
    });
  },
  /** Never answers. */
  exit() {
    if ('WorkerGlobalScope' in globalThis) close();
    else process.exit(3);
    return new Promise(() => {});
  },
};

/** @param {unknown} actual @param {unknown} expected */
function expect(actual, expected) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`a call gave ${a?.slice(0, 200)}, not ${b.slice(0, 200)}`);
}

/** @param {(below: number) => number} number */
const someValue = (number) =>
  ({
    0: () => number(2 ** 31),
    1: () => 'é'.repeat(number(3000)),
    2: () => Array.from({ length: number(50) }, (_, i) => ({ i, half: i / 2 })),
    3: () => null,
  })[/** @type {0} */ (number(4))]();

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 */
export async function call(world, strand) {
  const { log, tick } = world;
  const { id } = strand;
  const remote = world.remotes.get(/** @type {number} */ (strand.target));
  let number = random(strand.seed);

  /** @type {Record<string, () => any>} */
  const ways = {
    async echo() {
      const value = someValue(number);
      expect(await remote.echo(value), value);
    },
    async several() {
      const numbers = Array.from({ length: number(8) }, () => number(1000));
      expect(
        await Promise.all(numbers.map((n) => (n % 2 ? remote.later(n) : remote.add(n, 0)))),
        numbers,
      );
    },
    async fail() {
      const n = number(1000);
      try {
        await remote.fail(n);
      } catch (error) {
        const { code, message, number } = /** @type {any} */ (error);
        if (code !== 'own') throw error;
        return expect([message, number], [`own ${n}`, n]);
      }
      throw new Error('fail() did not fail');
    },
    async count() {
      const count = number(100);
      const enough = number(120);
      const values = [];
      for await (const value of remote.count(count)) {
        values.push(value);
        if (values.length === enough) break;
      }
      const wanted = enough > 0 && enough < count ? enough : count;
      expect(
        values,
        Array.from({ length: wanted }, (_, i) => i),
      );
    },
    async apply() {
      const n = number(1000);
      expect(
        await remote.apply(
          sdk.proxy((/** @type {number} */ x) => x + 1),
          n,
        ),
        n + 1,
      );
    },
    async abort() {
      const { wait, reason, stop } = someWait(() => 0);
      try {
        await sdk.withOptions(remote, /** @type {any} */ (wait)).untilAborted();
      } catch (error) {
        if (error !== reason) throw error;
      } finally {
        stop();
      }
    },
    sync() {
      const value = someValue(number);
      expect(sdk.callSync(remote, 'echo', [value]), value);
    },
  };
  const names = Object.keys(ways).filter((name) => name !== 'sync' || world.mayBlock);

  log(id, 'begun');
  for (let step = 0; step < strand.steps; step++) {
    number = random(strand.seed + step * 7919);
    await tick();
    log(id, 'calling', step);
    try {
      await ways[world.blocking ? 'sync' : names[number(names.length)]]();
      log(id, 'called', step);
    } catch (error) {
      log(id, 'called', step, codeNumber(error));
      break; // it has died
    }
  }
  log(id, 'ended');
}

/**
 * @param {import('./world.js').World} world
 * @param {Strand} strand
 * @param {import('./program.js').PoolObject} object
 */
export async function usePool(world, strand, object) {
  const { log, tick } = world;
  const { id } = strand;
  const make = /** @type {() => Worker} */ (world.makeWorker);
  const made = /** @type {any} */ (sdk.pool(world.space, make, { size: object.size, grace: 30 }));
  /** What runs beside a call that ends its worker may go with it. */
  const patient = sdk.withOptions(made.call, { retry: 9 });
  let number = random(strand.seed);
  /** Each of them ends a worker. */
  let exits = 0;

  /** @type {Record<string, () => Promise<void>>} */
  const ways = {
    async run() {
      const value = someValue(number);
      expect(await made.run('echo', [value], { retry: 9 }), value);
    },
    async many() {
      const numbers = Array.from({ length: number(30) }, () => number(1000));
      expect(await Promise.all(numbers.map((n) => patient.later(n))), numbers);
    },
    async map() {
      const numbers = Array.from({ length: number(20) }, () => number(1000));
      const options = { ordered: number(2) === 0, chunk: 1 + number(4), retry: 9 };
      const results = [];
      for await (const value of made.map('later', numbers, options)) results.push(value);
      const order = (/** @type {number} */ a, /** @type {number} */ b) => a - b;
      if (!options.ordered) for (const list of [numbers, results]) list.sort(order);
      expect(results, numbers);
    },
    async abort() {
      const { wait, reason, stop } = someWait(() => 0);
      try {
        await made.run('untilAborted', [], { ...wait, retry: 9 });
      } catch (error) {
        if (error !== reason) throw error;
      } finally {
        stop();
      }
    },
    async exit() {
      exits++;
      const others = [made.run('later', [1], { retry: 9 }), made.run('later', [2], { retry: 9 })];
      try {
        await made.run('exit', []);
        throw new Error('exit() has come back');
      } catch (error) {
        if (/** @type {any} */ (error).code !== 'peer-lost') throw error;
      }
      expect(await Promise.all(others), [1, 2]);
    },
  };
  const names = Object.keys(ways);

  log(id, 'begun');
  /** @param {number} step */
  async function one(step) {
    number = random(strand.seed + step * 7919);
    const name = names[number(names.length)];
    log(id, 'calling', step);
    let code = 0;
    try {
      // A death is waited for, some seconds in a busy Chromium: not every time.
      await ways[name === 'exit' && exits > 1 ? 'run' : name]();
    } catch (error) {
      code = codeNumber(error);
    }
    log(id, 'called', step, code);
  }
  for (let step = 0; step < strand.steps; step += 2) {
    await tick();
    await Promise.all([one(step), one(step + 1)]);
  }
  await made.close();
  const { busy, queued, size } = made.stats();
  expect([busy, queued, size], [0, 0, 0]);
  log(id, 'ended');
}
