// SharedMemoryMetrics; names as in state.cases.js.
import { stepOf } from '../../examples/shared-state/clock.js';
import { SharedMemoryMetrics } from '../../examples/shared-state/metrics.js';
import { startEcho } from '../../examples/shared-state/workers.js';
import { deepEqual, equal, match, ok, rejects } from '../conformance/assert.js';
import { workers } from './env.js';

const SIZES = [64, 4096, 100_000];

/** @type {import('./env.js').Case[]} */
export const metrics = [
  {
    name: 'transfers are measured there and back, in both ways, for several sizes',
    run: async (env) => {
      const transfers = await new SharedMemoryMetrics(env.options).measureTransferSpeed(SIZES);
      deepEqual(
        transfers.map(({ bytes }) => bytes),
        SIZES,
      );
      for (const { bytes, traditional, shared, improvement, refused } of transfers) {
        if (!traditional || !shared) throw new Error(refused);
        for (const { msPerTrip, bytesPerSecond } of [traditional, shared]) {
          ok(msPerTrip > 0 && msPerTrip < 10_000, `${msPerTrip} ms`);
          ok(Math.abs((bytesPerSecond * msPerTrip) / (2000 * bytes) - 1) < 1e-9, 'both ways count');
        }
        equal(improvement, traditional.msPerTrip / shared.msPerTrip);
      }
    },
  },
  {
    name: 'a worker that never answers gives no figure (not: only the sending half is timed)',
    run: async (env) => {
      const deaf = new SharedMemoryMetrics({ ...env.options, make: workers.deaf, timeout: 200 });
      match((await rejects(deaf.measureTransferSpeed([64]), 'timeout')).message, /did not answer/);
    },
  },
  {
    name: 'a worker that answers without reading what it got gives no figure (not: a number is written and nobody reads)',
    run: async (env) => {
      const forged = new SharedMemoryMetrics({ ...env.options, make: workers.forger });
      await rejects(forged.measureTransferSpeed([64]), 'mismatch');
    },
  },
  {
    name: 'a clock that goes too far at once, or not at all, gives no figure (not: dividing by a step of the timer)',
    run: async (env) => {
      const stopped = new SharedMemoryMetrics({ ...env.options, now: () => 5 });
      // Goes on by an hour at every thousandth look: far longer than all trips together.
      let looks = 0;
      const hours = new SharedMemoryMetrics({
        ...env.options,
        now: () => 3_600_000 * Math.floor(looks++ / 1000),
      });
      for (const metrics of [stopped, hours]) {
        const transfers = await metrics.measureTransferSpeed([64]);
        equal(transfers.length, 1);
        const [{ traditional, shared, improvement, refused }] = transfers;
        deepEqual([traditional, shared, improvement], [undefined, undefined, undefined]);
        match(refused, /clock/);
      }
    },
  },
  {
    name: 'by a coarse clock so many trips are timed together as take twenty of its steps',
    run: async (env) => {
      const now = () => Math.floor(performance.now());
      const [{ trips, stepMs, traditional, shared, refused }] = await new SharedMemoryMetrics({
        ...env.options,
        now,
      }).measureTransferSpeed([64]);
      if (!traditional || !shared) throw new Error(refused);
      ok(stepMs >= 1, `${stepMs}`);
      for (const { msPerTrip } of [traditional, shared]) {
        const took = Math.round(msPerTrip * trips);
        ok(took >= 20 * stepMs, `${took} ms in steps of ${stepMs} ms`);
      }
    },
  },
  {
    name: 'a round that something else made long does not pass for a long enough one',
    run: async (env) => {
      let started = false;
      let looks = 0;
      let away = 0;
      const make = () => {
        started = true;
        return startEcho();
      };
      // A second passes somewhere in each of the first round's two measurements, after the warm-up's.
      const now = () => {
        if (started && [6, 8].includes(++looks)) away += 1000;
        return Math.floor(performance.now()) + away;
      };
      const [{ trips, stepMs, traditional, shared, refused }] = await new SharedMemoryMetrics({
        ...env.options,
        make,
        now,
      }).measureTransferSpeed([64]);
      if (!traditional || !shared) throw new Error(refused);
      for (const { msPerTrip } of [traditional, shared]) {
        const took = Math.round(msPerTrip * trips);
        ok(took >= 20 * stepMs, `${took} ms in steps of ${stepMs} ms`);
      }
    },
  },
  {
    name: "a clock's step is what it goes on at once",
    run: async () => {
      let looks = 0;
      equal(
        stepOf(() => 16 * Math.floor(looks++ / 10)),
        16,
      );
      // A thread that does not get to run sees many steps at once.
      let at = 0;
      const steps = [8, 8, 8, 1, 8, 8, 8];
      equal(
        stepOf(() => (at += steps[looks++ % steps.length])),
        1,
      );
      equal(
        stepOf(() => 0),
        Infinity,
      );
      ok(stepOf(() => performance.now()) < 100);
    },
  },
  {
    name: 'senseless sizes are TypeErrors, and nothing is started for them',
    run: async (env) => {
      let started = 0;
      const make = () => {
        started++;
        return workers.deaf();
      };
      const asked = new SharedMemoryMetrics({ ...env.options, make });
      for (const size of [0, 3, -64, 1.5, NaN, Infinity, '64']) {
        const measuring = asked.measureTransferSpeed([64, /** @type {any} */ (size)]);
        await rejects(measuring, (error) => error instanceof TypeError);
      }
      deepEqual(await asked.measureTransferSpeed([]), []);
      equal(started, 0);
    },
  },
];
