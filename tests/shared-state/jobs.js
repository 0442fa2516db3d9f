// Functions that run in a pool's workers: served by jobs.worker.js, and loaded as a module.

/** @returns {any} */
const threads = () => globalThis.process?.getBuiltinModule?.('node:worker_threads');

const me = Math.random();

/** Which worker this is; undefined: none. */
export const whoami = () =>
  'WorkerGlobalScope' in globalThis || threads()?.isMainThread === false ? me : undefined;

/** @param {number} n */
export default function double(n) {
  return 2 * n;
}

/** Some take longer than those after them. @param {number} n */
export async function slowly(n) {
  await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5));
  return { n, who: whoami() };
}

/** @param {number} n @param {import('../../examples/shared-state/state.js').SharedMemoryState} state */
export const timesFactor = (n, state) => n * state.read('factor');

/** @param {string} what */
export function misbehave(what) {
  if (what === 'throw') throw Object.assign(new RangeError('not this one'), { item: what });
  if (what === 'reject') return Promise.reject(new TypeError('not this one either'));
  if (what === 'die') {
    if ('WorkerGlobalScope' in globalThis) close();
    else process.exit();
    return new Promise(() => {});
  }
  if (what === 'return a function') return () => {};
  return what;
}

/** @this {import('sluice').Call} */
export async function untilCancelled() {
  await new Promise((resolve) => this.signal.addEventListener('abort', resolve));
}

export const noFunction = 1;
