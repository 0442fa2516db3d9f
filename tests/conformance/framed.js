// What diagnose() finds in a frame, for the page around it; or what comes of loading the module load=,
// with load=create of a space, and with load=no-locks of a page whose browser forbids Web Locks.
import { diagnose } from './diagnose-entry.js';
import { loadWasmModuleWithSharedMemory as load } from './loader-entry.js';
import { connect, create, over, spawn } from './sdk.js';

async function withoutLocks() {
  const forbidden = async () => {
    throw new DOMException('not here', 'SecurityError');
  };
  // WebKit makes navigator.locks anew where nobody holds it.
  Object.assign(LockManager.prototype, { request: forbidden, query: forbidden });
  /** @type {string[]} */
  const unhandled = [];
  addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
  const space = await create();
  const start = () => new Worker('/tests/conformance/workers/no-locks.js', { type: 'module' });
  const peer = await spawn(space, start);
  const sum = await /** @type {any} */ (connect(peer)).add(1, 2);
  await peer.terminate();
  const { code } = await peer.lost;
  await space.close();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const hosted = await over(memory, 0).then(
    () => '',
    (error) => error.code,
  );
  const report = await diagnose();
  return { transport: space.transport, sum, code, hosted, unhandled, report };
}

async function diagnosed() {
  const report = await diagnose();
  return { ...report, text: String(report) };
}

/** @param {string} what @returns {Promise<any>} */
function find(what) {
  if (what === '') return diagnosed();
  if (what === 'no-locks') return withoutLocks();
  const loading = what === 'create' ? create() : load(what);
  return loading.then(
    () => ({ code: 'none' }),
    ({ code, message }) => ({ code, message }),
  );
}

const found = find(new URLSearchParams(location.search).get('load') ?? '');
found.then(
  (report) => parent.postMessage(JSON.parse(JSON.stringify(report)), '*'),
  (error) => parent.postMessage({ error: String(error) }, '*'),
);
