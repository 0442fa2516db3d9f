/** One thread of a case in WebAssembly: does what the driver says, and measures it. */
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, base, available } = workerData;
const STACK = 64 * 1024;
const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
const self = exports.sluice_thread_enter(base, available, STACK, 0) >>> 0;
const words = () => new Int32Array(memory.buffer);
exports.sluice_stack_set(base + words()[(self >> 2) + 4] + STACK);
const state = base + exports.sluice_space_alloc(self, exports.bench_state_bytes());
new Uint8Array(memory.buffer, state, exports.bench_state_bytes()).fill(0);

const runs = {
  open: ({ which, role, size, round }) =>
    exports.bench_open(self, state, which, role, size, round),
  run({ count, chunk }) {
    const begin = performance.now();
    for (let left = count; left > 0; left -= chunk) {
      const status = exports.bench_run(self, state, Math.min(chunk, left));
      if (status !== 0) return { status };
    }
    return { status: 0, each: ((performance.now() - begin) * 1e6) / count };
  },
  close() {
    exports.bench_close(self, state);
    return 0;
  },
};

parentPort.on('message', (message) => parentPort.postMessage(runs[message.op](message)));
parentPort.postMessage('ready');
