/**
 * Runs the core's validators (core/test/validate) in WebAssembly, in worker threads of this Node:
 *
 *   node [V8's flags] validate.js short|long [NAME]    all of them, or all of one validator
 *   node [V8's flags] validate.js NAME ARGUMENTS...    one, with its own arguments
 *
 * Prints what each says, and the counts. A case fails by its own checks, by a trap, when nothing
 * moves for as long as its alarm says (a lost wake-up), or when its module holds what V8 11.3
 * miscompiles.
 */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { waits } from '../../../tests/wasm-file.js';

/** One that runs main, and as many as posix.c has THREADS. */
const WORKERS = 5;
const PAGES = 4096;
/** Until a validator has set its own alarm. */
const WATCHDOG_SECONDS = 30;

/** The arguments are explained in core/test/validate; two or three threads, sometimes more. */
const FORMS = {
  short: `
    ring_spsc 1000000 201 65536
    ring_spsc 150000 202 1024
    ring_spsc 20000 203 64
    wakeup 20000 204
    wakeup_many 10000 227 ring 1
    wakeup_many 10000 228 queue 2
    ring_many 500000 205 65536 2 1
    ring_many 200000 206 4096 1 2
    ring_many 100000 207 1024 1 0
    ring_many 200000 208 4096 2 2
    queue 1000000 209 1024 2 1
    queue 200000 210 64 1 2
    queue 100000 211 16 1 1
    broadcast 500000 212 65536 1
    broadcast 300000 213 4096 2
    cell 200000 214 256 0 threads 1 1
    cell 100000 215 2048 0 threads 2 1
    cell 300000 216 64 1 threads 1 2
    store 40000 217 8
    store 20000 218 100
    rpc 30000 219 16 64 1
    rpc 10000 220 1 256 1
    locks 1500 221 2
    locks 500 222 3
    slab 3000000 223 16384 threads 2
    slab 500000 224 65536 threads 3
    table 200000 225 threads 2
    table 200000 226 threads 3`,
  long: `
    ring_spsc 20000000 301 65536
    ring_spsc 2000000 302 1024
    ring_spsc 200000 303 64
    wakeup 60000 304
    wakeup_many 20000 327 ring 1
    wakeup_many 20000 328 ring 2
    wakeup_many 20000 329 queue 2
    ring_many 4000000 305 65536 2 1
    ring_many 2000000 306 4096 1 2
    ring_many 2000000 307 1024 1 0
    ring_many 2000000 308 4096 2 2
    queue 10000000 309 1024 2 1
    queue 4000000 310 64 1 2
    queue 600000 311 16 1 1
    broadcast 10000000 312 65536 1
    broadcast 4000000 313 4096 2
    cell 4000000 314 256 0 threads 1 1
    cell 2000000 315 2048 0 threads 2 1
    cell 6000000 316 64 1 threads 1 2
    cell 6000000 317 64 1 threads 2 2
    store 400000 318 8
    store 200000 319 100
    rpc 600000 320 16 64 1
    rpc 100000 321 1 256 1
    locks 10000 322 2
    locks 2000 323 3
    slab 4000000 324 16384 threads 2
    slab 4000000 325 65536 threads 3
    table 2000000 326 threads 2
    table 2000000 327 threads 3`,
};

const compiler = process.execArgv.join(' ') || 'as it comes';

/** @type {Map<string, WebAssembly.Module>} */
const modules = new Map();

/** @param {string} name */
function moduleOf(name) {
  const known = modules.get(name);
  if (known) return known;
  const bytes = readFileSync(`build/test/wasm/${name}.wasm`);
  // The core's own, in a function of its own, and the linker's, for the module's data.
  const found = waits(bytes);
  if (found.length > 2 || !found.some(({ size }) => size < 24) || found.some(({ loops }) => loops))
    throw new Error(`${name}.wasm: a futex wait was inlined (see core/src/futex.c)`);
  const module = new WebAssembly.Module(bytes);
  modules.set(name, module);
  return module;
}

async function startPool() {
  const watch = new Int32Array(new SharedArrayBuffer(8));
  const workers = [];
  for (let i = 0; i < WORKERS; i++) {
    const worker = new Worker(new URL('worker.js', import.meta.url), {
      workerData: { watch: watch.buffer },
    });
    workers.push(worker);
  }
  await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))),
  );
  return { watch, workers };
}

/**
 * Runs one case. Resolves when it has ended well.
 * @param {Awaited<ReturnType<typeof startPool>>} pool
 * @param {string[]} words its name and arguments
 */
async function run({ watch, workers }, words) {
  const module = moduleOf(words[0]);
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  let left = workers.length;
  let [beats, since] = [-1, 0];
  let timer;
  Atomics.store(watch, 0, WATCHDOG_SECONDS);
  try {
    await new Promise((resolve, reject) => {
      for (const [index, worker] of workers.entries()) {
        worker.on('message', ({ line, status, at }) => {
          if (line !== undefined) console.log(line);
          else if (status !== 0) reject(new Error(`exit status ${status}, in ${at}`));
          else if (--left === 0) resolve();
        });
        worker.on('error', reject);
        // The last one runs main: it is the last to start.
        const main = index === workers.length - 1;
        worker.postMessage({ module, memory, ...(main ? { words } : { index }) });
      }
      timer = setInterval(() => {
        const [seconds, seen] = [Atomics.load(watch, 0), Atomics.load(watch, 1)];
        if (seen !== beats) [beats, since] = [seen, performance.now()];
        else if (performance.now() - since > seconds * 1000)
          reject(new Error(`nothing has moved for ${seconds} seconds: a lost wake-up?`));
      }, 250);
    });
  } finally {
    clearInterval(timer);
    for (const worker of workers)
      for (const event of ['message', 'error']) worker.removeAllListeners(event);
  }
}

const [form, ...rest] = process.argv.slice(2);
const lines = (FORMS[form] ?? [form, ...rest].join(' '))
  .trim()
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => !FORMS[form] || rest.every((name) => line.startsWith(`${name} `)));
let pool = await startPool();
let [passed, failed] = [0, 0];
for (const line of lines) {
  try {
    await run(pool, line.split(' '));
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED: ${line} (${compiler}): ${error.message}`);
    for (const worker of pool.workers) worker.terminate();
    pool = await startPool();
  }
}
for (const worker of pool.workers) worker.terminate();
console.log(`core-wasm-validate: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
