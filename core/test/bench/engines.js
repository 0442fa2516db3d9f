/** The two engines that run the cases: the native program, and WebAssembly in Node's workers. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const PAGES = 1200;
const THREADS = 3;
const SCRATCH = 128;
/** As in bench.h. */
const PARTS = 8;
/** Every count is a multiple of it. */
export const STEP = 64 * PARTS;

/** @typedef {{ which: number, name: string, limit: string, threads: number, sizes: number[] }} Case
 * @typedef {(test: Case, size: number, count: number) => Promise<number[]>} Measure
 *   nanoseconds per operation, of each part of the measurement */

/** @param {string} program @returns {Measure} */
export const native = (program) => async (test, size, count) =>
  execFileSync(program, [test.name, size, count].map(String), { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);

/**
 * @param {string} file
 * @returns {Promise<{ cases: Case[], measure: Measure, stop: () => void }>}
 */
export async function wasm(file) {
  const module = await WebAssembly.compile(readFileSync(file));
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const base = Math.ceil(exports.__heap_base.value / 128) * 128;
  const available = memory.buffer.byteLength - base;
  const scratch = memory.buffer.byteLength - SCRATCH;
  exports.sluice_space_init(scratch, base, available);
  new Uint8Array(memory.buffer, scratch, SCRATCH).fill(0);
  const workerData = { module, memory, base, available };
  const workers = await Promise.all(Array.from({ length: THREADS }, () => start(workerData)));
  let rounds = 0;
  const warm = new Set();

  /** @type {Measure} */
  async function measure({ which, name, threads }, size, count) {
    const round = ++rounds;
    /** Fails with the first that does: the other threads may wait for it for ever. */
    const all = (op, message = () => ({})) =>
      Promise.all(
        workers.slice(0, threads).map(async (worker, role) => {
          const { status, each } = await answer(worker, { op, ...message(role) });
          if (status !== 0) throw new Error(`${name}: ${op} gave status ${status}`);
          return each;
        }),
      );
    await all('open', (role) => ({ which, role, size, round }));
    const run = async () => {
      const times = await all('run', () => ({ count, parts: PARTS }));
      return times[0].map((_, part) => Math.max(...times.map((each) => each[part])));
    };
    if (!warm.has(`${name} ${size}`)) await run();
    warm.add(`${name} ${size}`);
    const each = await run();
    await all('check');
    await all('close');
    return each;
  }

  const stop = () => {
    for (const worker of workers) worker.terminate();
  };
  return { cases: casesOf(exports, memory), measure, stop };
}

async function start(workerData) {
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
  await once(worker, 'message');
  return worker;
}

async function answer(worker, message) {
  const answered = once(worker, 'message');
  worker.postMessage(message);
  return (await answered)[0];
}

/** @returns {Case[]} */
function casesOf(exports, memory) {
  const bytes = Buffer.from(memory.buffer);
  const text = (at) => bytes.toString('utf8', at, at && bytes.indexOf(0, at));
  return Array.from({ length: exports.bench_cases() }, (_, which) => ({
    which,
    name: text(exports.bench_name(which)),
    limit: text(exports.bench_limit(which)),
    threads: exports.bench_threads(which),
    sizes: Array.from({ length: exports.bench_sizes(which) }, (_, nth) =>
      exports.bench_size(which, nth),
    ),
  }));
}
