// A worker of the soak: sends, and answers calls.
import * as sdk from '../conformance/sdk.js';
import { OPTIONS, record } from './load.js';

export const api = sdk.serve({
  /** @param {number} n */
  twice: (n) => 2 * n,
  /** @param {string} text */
  echo: (text) => text,
  /** Sends the records 0 to `count` - 1 of `who`. @param {number} who @param {number} count */
  async pour(who, count) {
    const space = await sdk.attach();
    const sender = sdk.channel(space, 'records', OPTIONS()).sender();
    for (let index = 0; index < count; index++) await sender.send(record(who, index));
    sender.close();
    return count;
  },
  /** Bytes of this thread's heap, as far as it can tell. */
  heap() {
    const { gc } = /** @type {any} */ (globalThis);
    gc?.();
    if ('WorkerGlobalScope' in globalThis) {
      return /** @type {any} */ (performance).memory?.usedJSHeapSize ?? 0;
    }
    return process.memoryUsage().heapUsed;
  },
});
