// Loads what it is told to by the loader of its own thread, and says how that went.
import { loadWasmModuleWithSharedMemory } from '../loader-entry.js';

/** @param {{url: string, options?: any}} request */
async function load({ url, options }) {
  try {
    const { cached, module } = await loadWasmModuleWithSharedMemory(
      url,
      undefined,
      undefined,
      options,
    );
    return { cached, exports: WebAssembly.Module.exports(module).map(({ name }) => name) };
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    return { code, message };
  }
}

if ('WorkerGlobalScope' in globalThis) {
  globalThis.onmessage = async ({ data }) => postMessage(await load(data));
} else {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  parentPort?.on('message', async (data) => parentPort.postMessage(await load(data)));
}
