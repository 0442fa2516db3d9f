/** One thread of a case in WebAssembly: does what the driver says, and measures it. */
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, base, available } = workerData;
const STACK = 64 * 1024;
const SPACE_AREA = 16; // in sluice_space
const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
const self = exports.sluice_thread_enter(base, available, STACK, 0) >>> 0;
const area = new Int32Array(memory.buffer)[(self + SPACE_AREA) >> 2];
exports.sluice_stack_set(base + area + STACK);
const state = base + exports.sluice_space_alloc(self, exports.bench_state_bytes());

const answers = {
  open: ({ which, role, size, round }) => ({
    status: exports.bench_open(self, state, which, role, size, round),
  }),
  /** Nanoseconds per operation, of each part. V8 replaces a function when it is called anew. */
  run({ count, parts }) {
    const each = [];
    for (let part = 0; part < parts; part++) {
      const begin = performance.now();
      const status = exports.bench_run(self, state, count / parts);
      if (status !== 0) return { status };
      each.push(((performance.now() - begin) * 1e6 * parts) / count);
    }
    return { status: 0, each };
  },
  check: () => ({ status: exports.bench_check(self, state) }),
  close() {
    exports.bench_close(self, state);
    return { status: 0 };
  },
};

parentPort.on('message', (message) => parentPort.postMessage(answers[message.op](message)));
parentPort.postMessage('ready');
