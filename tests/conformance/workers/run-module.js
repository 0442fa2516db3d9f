// Runs a module that was loaded elsewhere, over the memory that came with it, and answers with what its
// bump(), or engine_counter(), gave.

/** @param {{module: WebAssembly.Module, memory?: WebAssembly.Memory}} loaded */
function run({ module, memory }) {
  memory ??= new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { bump, engine_counter: count = bump } = /** @type {any} */ (exports);
  return count();
}

if ('WorkerGlobalScope' in globalThis) {
  globalThis.onmessage = ({ data }) => postMessage(run(data));
} else {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  parentPort?.on('message', (data) => parentPort.postMessage(run(data)));
}
