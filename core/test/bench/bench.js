/**
 * `make bench-core`: every case natively and in WebAssembly under Node, in turns, and the ratio of
 * the two, as JSON lines. `node bench.js PART` runs the cases whose name contains PART.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';

const ROUNDS = 5;
const NATIVE = 'build/native/bench/native';
const SIZES = [8, 32, 64, 256, 4096, 65_536, 1_048_576];
const PAGES = 1200;

const module = await WebAssembly.compile(readFileSync('build/bench/core.wasm'));
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
const base = Math.ceil(exports.__heap_base.value / 128) * 128;
const available = memory.buffer.byteLength - base;
const scratch = memory.buffer.byteLength - 128;
exports.sluice_space_init(scratch, base, available);
new Uint8Array(memory.buffer, scratch, 128).fill(0);

const workers = await Promise.all(
  [0, 1].map(async () => {
    const worker = new Worker(new URL('worker.js', import.meta.url), {
      workerData: { module, memory, base, available },
    });
    await once(worker, 'message');
    return worker;
  }),
);

/** @param {number} pointer */
function text(pointer) {
  const bytes = new Uint8Array(memory.buffer);
  return Buffer.from(bytes.slice(pointer, bytes.indexOf(0, pointer))).toString();
}

/** @param {number} threads @param {(role: number) => object} message */
const all = (threads, message) =>
  Promise.all(
    workers.slice(0, threads).map(async (worker, role) => {
      const answer = once(worker, 'message');
      worker.postMessage(message(role));
      return (await answer)[0];
    }),
  );

/** Operations in a run: some tenths of a second, known after a first try. */
function enough(name, size) {
  if (name.includes('futex') || name.includes('sleeping')) return 5000;
  if (name.includes('spinning')) return 200_000;
  return Math.max(200, Math.min(2_000_000, Math.floor(3e8 / (size || 64))));
}

let rounds = 0;

async function wasm(which, threads, name, size, count) {
  const round = ++rounds;
  const chunk = Math.max(1, Math.ceil(count / 64));
  const opened = await all(threads, (role) => ({ op: 'open', which, role, size, round }));
  if (opened.some((status) => status !== 0)) throw new Error(`${name}: open gave ${opened}`);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const results = await all(threads, () => ({ op: 'run', count, chunk }));
    const failed = results.find(({ status }) => status !== 0);
    if (failed) throw new Error(`${name}: status ${failed.status}`);
    if (i > 0) best = Math.min(best, results[threads - 1].each);
  }
  await all(threads, () => ({ op: 'close' }));
  return best;
}

const native = (name, size, count) => Number(execFileSync(NATIVE, [name, size, count, 2].map(String)));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const round3 = (value) => Number(value.toPrecision(4));
const engines = { native: `${process.env.NATIVE_CC ?? 'gcc'}, natively`, wasm: `Node ${process.version}` };

function print(name, value, unit, engine, params) {
  console.log(JSON.stringify({ name, value: round3(value), unit, engine, params }));
}

print('machine', cpus().length, 'cores', cpus()[0].model.trim(), {});
const part = process.argv[2] ?? '';
for (let which = 0; which < exports.bench_cases(); which++) {
  const name = text(exports.bench_name(which));
  if (!name.includes(part)) continue;
  const threads = exports.bench_threads(which);
  for (const size of exports.bench_sized(which) ? SIZES : [0]) {
    const count = enough(name, size);
    const times = { native: [], wasm: [] };
    for (let i = 0; i < ROUNDS; i++) {
      times.native.push(native(name, size, count));
      times.wasm.push(await wasm(which, threads, name, size, count));
    }
    const params = { threads, ...(size && { size }), count };
    const each = { native: median(times.native), wasm: median(times.wasm) };
    for (const host of ['native', 'wasm']) {
      print(name, each[host], 'ns', engines[host], params);
      if (size) print(`${name}.rate`, 1e9 / each[host], '1/s', engines[host], params);
    }
    print(`${name}.ratio`, each.native / each.wasm, 'wasm speed / native speed', engines.wasm, params);
  }
}
for (const worker of workers) worker.terminate();
