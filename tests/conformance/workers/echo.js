// Answers a shared buffer with its first word.

/** @param {ArrayBufferLike} buffer */
const firstWord = (buffer) => new Int32Array(buffer)[0];

if ('WorkerGlobalScope' in globalThis) {
  globalThis.onmessage = ({ data }) => postMessage(firstWord(data));
} else {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  parentPort?.on('message', (buffer) => parentPort.postMessage(firstWord(buffer)));
}
