/**
 * A thread of validators: each message is one module to run, as its main or as one of the threads
 * that main may create. Answers { line } for what it prints, and { status, at } at the end.
 */
import { parentPort, workerData } from 'node:worker_threads';

/** Where each alarm() of any thread is noted: seconds, and how many there were. */
const watch = new Int32Array(workerData.watch);

class Left extends Error {}

/** The functions around a failed check, innermost first. */
const functionsOf = (stack) =>
  [...stack.matchAll(/at (?:[\w$.]+\.)?(\w+) \(wasm:/g)]
    .map(([, name]) => name)
    .filter((name) => name !== '_exit')
    .join(' < ');

/** @param {WebAssembly.Memory} memory */
const hostOf = (memory) => ({
  tell(pointer, length) {
    const line = Buffer.from(new Uint8Array(memory.buffer, pointer, length).slice()).toString();
    parentPort.postMessage({ line: line.trimEnd() });
  },
  leave(status) {
    throw Object.assign(new Left(), { status });
  },
  watch(seconds) {
    Atomics.store(watch, 0, seconds);
    Atomics.add(watch, 1, 1);
  },
  now: () => performance.timeOrigin + performance.now(),
});

/** Runs main: its arguments as C wants them. */
function runMain({ main_run, malloc }, memory, words) {
  const pointers = words.map((word) => {
    const at = malloc(word.length + 1);
    new Uint8Array(memory.buffer).set(Buffer.from(word), at);
    return at;
  });
  const list = malloc(4 * pointers.length);
  new Uint32Array(memory.buffer).set(pointers, list / 4);
  return main_run(pointers.length, list);
}

parentPort.on('message', ({ module, memory, words, index }) => {
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory }, host: hostOf(memory) });
    let status = 0;
    if (words) {
      status = runMain(exports, memory, words);
    } else {
      exports.sluice_stack_set(exports.thread_stack(index));
      exports.thread_run(index);
    }
    parentPort.postMessage({ status, at: '' });
  } catch (error) {
    const at = functionsOf(error.stack);
    if (!(error instanceof Left)) parentPort.postMessage({ line: String(error) });
    parentPort.postMessage({ status: error.status ?? 1, at });
  }
});
parentPort.postMessage('ready');
