/**
 * `make bench-core`: every case natively and in WebAssembly, in turns on one machine, as JSON lines.
 *
 *   node bench.js PART     the cases whose name contains PART; ROUNDS=9 for more than five turns
 *
 * A round measures each engine in eight parts, and its fastest counts, because what disturbs the
 * machine only ever adds. A figure is the median of its rounds; `least` and `most` say how far they
 * lie apart, `mean` is that of all parts. A ratio is the median of the rounds' ratios, each of two
 * measurements that followed one another. Still, nothing else should run meanwhile: two threads that
 * spin need two processors.
 *
 *   NAME.wasm_to_native   how fast, as a part of the same C natively
 *   NAME.of_memcpy        how fast, as a part of memcpy of as many bytes
 *   NAME.times_limit      how long, as a multiple of what the machine's own operation takes
 */
import { execSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { native, STEP, wasm } from './engines.js';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const RUN_NS = 40e6;
const FIRST_RUN_NS = 4e6;
const TRIES = 3;
const COUNT_MAX = 2 ** 28;
const QUIET = 0.5;
const ENGINES = ['native', 'wasm'];

/** What the project promises, by the name of a ratio. */
const TARGETS = {
  'ring.spsc.one_way.spinning.wasm_to_native 32': { at_least: 0.8 },
  'ring.spsc.one_way.spinning.of_memcpy 1048576': { at_least: 0.85 },
  'ring.spsc.round_trip.sleeping.times_limit 0': { at_most: 1.2 },
};

const { cases, measure, stop } = await wasm('build/bench/core.wasm');
const measures = { native: native('build/native/bench/native'), wasm: measure };
const labels = { native: version(process.env.NATIVE_CC ?? 'gcc'), wasm: `Node ${process.version}` };

function version(program) {
  return execSync(`${program} --version`, { encoding: 'utf8' }).split('\n')[0];
}

function print(name, value, unit, engine, params) {
  const rounded = Number(value.toPrecision(4));
  console.log(JSON.stringify({ name, value: rounded, unit, engine: labels[engine], params }));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** How far the rounds lie apart. */
const spread = (values) => ({
  least: Number(Math.min(...values).toPrecision(4)),
  most: Number(Math.max(...values).toPrecision(4)),
});

const fastest = (parts) => Math.min(...parts);
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How many operations take about RUN_NS. The tries warm up as well. What seems to take long is
 * tried again: it may have been disturbed, and too small a count would spoil all rounds. */
async function enough(engine, test, size) {
  let best = Number.POSITIVE_INFINITY;
  let tries = TRIES;
  for (let count = STEP; tries > 0; ) {
    const each = fastest(await measures[engine](test, size, count));
    best = Math.min(best, each);
    if (each * count >= FIRST_RUN_NS) tries--;
    else if (count < COUNT_MAX) count *= 4;
    else break;
  }
  return Math.min(COUNT_MAX, Math.max(1, Math.round(RUN_NS / best / STEP)) * STEP);
}

/** All jobs in turns, forwards and backwards: their nanoseconds, one a round. */
async function inTurns(jobs) {
  for (const job of jobs) job.count = await enough(job.engine, job.test, job.size);
  for (let round = 0; round < ROUNDS; round++) {
    for (const job of round % 2 ? [...jobs].reverse() : jobs) {
      const parts = await measures[job.engine](job.test, job.size, job.count);
      job.times.push(fastest(parts));
      job.means.push(meanOf(parts));
    }
  }
}

const job = (engine, test, size) => ({ engine, test, size, count: 0, times: [], means: [] });

function printRatio(name, size, ratios, engine, params) {
  print(name, median(ratios), 'ratio', engine, { ...params, ...spread(ratios) });
  const target = TARGETS[`${name} ${size}`];
  if (!target || engine !== 'wasm') return;
  const { at_least = 0, at_most = Number.POSITIVE_INFINITY } = target;
  const value = median(ratios);
  const met = value >= at_least && value <= at_most;
  print(`target.${name}`, value, 'ratio', engine, { ...params, ...target, met });
}

async function bench(test, size) {
  const limit = cases.find(({ name, sizes }) => name === test.limit && sizes.includes(size));
  const [natively, inWasm] = ENGINES.map((engine) => job(engine, test, size));
  const limits = limit ? ENGINES.map((engine) => job(engine, limit, size)) : [];
  await inTurns([natively, inWasm, ...limits]);
  const params = { threads: test.threads, ...(size && { size }), rounds: ROUNDS };
  for (const { engine, times, means, count } of [natively, inWasm]) {
    const mean = Number(meanOf(means).toPrecision(4));
    print(test.name, median(times), 'ns', engine, { ...params, count, ...spread(times), mean });
    if (size) print(`${test.name}.rate`, 1e9 / median(times), '1/s', engine, params);
  }
  const ratios = natively.times.map((time, round) => time / inWasm.times[round]);
  printRatio(`${test.name}.wasm_to_native`, size, ratios, 'wasm', params);
  for (const [i, { engine, times }] of limits.entries()) {
    const mine = [natively, inWasm][i].times;
    const [name, of] = size
      ? ['of_memcpy', (round) => times[round] / mine[round]]
      : ['times_limit', (round) => mine[round] / times[round]];
    const against = { ...params, limit: limit.name, ns: Number(median(times).toPrecision(4)) };
    printRatio(`${test.name}.${name}`, size, times.map((_, round) => of(round)), engine, against);
  }
}

const machine = { cpu: cpus()[0].model.trim(), system: release(), v8: process.versions.v8 };
print('machine.processors', cpus().length, 'processors', 'wasm', machine);
print('machine.load', loadavg()[0], 'processes before this one', 'native', machine);
if (loadavg()[0] > QUIET) console.error('Others load this machine: what two threads do is not measured.');
const part = process.argv[2] ?? '';
try {
  for (const test of cases.filter(({ name }) => name.includes(part))) {
    for (const size of test.sizes) await bench(test, size);
  }
} finally {
  stop();
}
