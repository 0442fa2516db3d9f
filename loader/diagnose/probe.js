/**
 * What the worker does that diagnose() starts. It closes over nothing: it is also made into a blob.
 *
 * Out: `{at: 'start'}` when it runs; for a buffer in, `{at: 'added', was}` when it has added one to the first
 * word, then `{at: 'woken', how, buffer}` after a wait on the second, and `{at: 'unreadable'}` for a message
 * that did not arrive whole.
 */
export function probe() {
  /** How long it waits to be woken, in ms. */
  const PATIENCE = 5000;
  const scope = /** @type {any} */ (globalThis);
  const port = scope.WorkerGlobalScope
    ? scope
    : scope.process.getBuiltinModule('node:worker_threads').parentPort;

  /** @param {{data: ArrayBufferLike}} event */
  const receive = ({ data }) => {
    const words = new Int32Array(data);
    port.postMessage({ at: 'added', was: Atomics.add(words, 0, 1) });
    let how;
    try {
      how = Atomics.wait(words, 1, 0, PATIENCE);
    } catch (error) {
      how = String(error);
    }
    port.postMessage({ at: 'woken', how, buffer: data });
  };
  if (port.addEventListener) {
    port.addEventListener('message', receive);
    port.addEventListener('messageerror', () => port.postMessage({ at: 'unreadable' }));
    port.start?.();
  } else {
    port.on('message', (/** @type {ArrayBufferLike} */ data) => receive({ data }));
  }
  port.postMessage({ at: 'start' });
}
