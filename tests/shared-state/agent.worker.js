// A worker that uses the state as a case tells it to.
import { serve } from 'sluice';
import { listen, parentPort } from '../../examples/shared-state/port.js';
import { SharedMemoryState } from '../../examples/shared-state/state.js';
import { requireWhole, wholeOf } from './values.js';

const attached = SharedMemoryState.attach();

/** Not one step further, and no turn of the event loop. */
function stop() {
  parentPort().postMessage({ stopped: true });
  for (;;);
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

serve({
  async read(/** @type {string} */ key) {
    const state = await attached;
    await state.sync();
    return state.read(key);
  },
  /** @param {string} key @param {unknown} value */
  write: async (key, value) => (await attached).write(key, value),
  async version(/** @type {string} */ key) {
    const state = await attached;
    await state.sync();
    return state.version(key);
  },
  /** What is there, which goes to other keys as well. @param {string[]} keys */
  async copyAll(keys) {
    const state = await attached;
    await state.sync();
    for (const key of keys) await state.write(`${key}, copied`, state.read(key));
    return keys.map((key) => state.read(key));
  },

  /** By the handle: what was there, which goes to another key. @param {any} handle @param {string} key */
  async copyByHandle(handle, key) {
    const state = await SharedMemoryState.attach(handle);
    await state.sync();
    const value = state.read(key);
    await state.write(`${key}, copied`, value);
    if (state.space !== (await attached).space) await state.close();
    return value;
  },

  /** Writes so many whole values to the key. @param {string} key @param {number} first @param {number} count */
  async pour(key, first, count) {
    const state = await attached;
    for (let n = first; n < first + count; n++) {
      await state.write(key, wholeOf(n));
      if (n % 50 === 0) await pause();
    }
  },

  /** Writes until it is terminated, without a pause, and says what is committed. @param {string} key */
  async pourForEver(key) {
    const state = await attached;
    for (let n = 1; ; n++) {
      await state.write(key, wholeOf(n));
      parentPort().postMessage({ committed: n });
    }
  },

  /**
   * Goes into a write of so many bytes, and stops when half of them lie where they are to be read.
   *
   * @param {string} key @param {number} bytes
   */
  async stopHalfway(key, bytes) {
    const state = await attached;
    const { set } = Uint8Array.prototype;
    /** @this {Uint8Array} @param {Uint8Array} from @param {number} at */
    Uint8Array.prototype.set = function (from, at) {
      if (from.length < bytes) return set.call(this, from, at);
      set.call(this, from.subarray(0, bytes / 2), at);
      stop();
    };
    await state.write(key, '7'.repeat(bytes));
  },

  /** Writes, and stops before it can hear what came of it. @param {string} key @param {number} bytes */
  async stopBehind(key, bytes) {
    (await attached).write(key, '7'.repeat(bytes));
    stop();
  },

  /** Reads until the key `until` is there. @param {string} key @param {string} until */
  async readAll(key, until) {
    const state = await attached;
    let reads = 0;
    for (; state.read(until) === undefined; reads++) {
      const value = state.read(key);
      if (value) requireWhole(value);
      if (reads % 20 === 0) await pause();
    }
    return reads;
  },

  /** What a watcher of the key sees, up to the value `last`. @param {string} key @param {unknown} last */
  async watch(key, last) {
    const state = await attached;
    const seen = [];
    for await (const value of state.watch(key)) {
      seen.push(value);
      // The other side writes when it sees that somebody watches.
      await state.write(`${key}, watched`, seen.length);
      if (value === last) break;
    }
    return seen;
  },
});

// Where nobody spawned this worker: the thread that started it posts a handle.
listen(parentPort(), async (data) => {
  if (!data?.key) return;
  try {
    const state = await SharedMemoryState.attach(data.handle);
    const value = state.read(data.key);
    await state.write(`${data.key}, copied`, value);
    parentPort().postMessage({ copied: value });
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    parentPort().postMessage({ code, message });
  }
});
attached.catch(() => {});
