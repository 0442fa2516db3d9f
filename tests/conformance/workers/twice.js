// A spawned worker with two copies of the module: both attach, the second sends and serves.
import * as sdk from '../sdk.js';

const inBrowser = 'WorkerGlobalScope' in globalThis;
/** @type {any} */
const port = inBrowser ? globalThis : process.getBuiltinModule('node:worker_threads').parentPort;
const file = inBrowser ? 'sluice.js' : 'sluice.node.js';
/** @type {typeof sdk} */
const other = await import(new URL(`../../../build/second/${file}`, import.meta.url).href);

const spaces = await Promise.all([sdk.attach(), other.attach()]);
other.serve({ twice: (/** @type {number} */ n) => 2 * n });
await other.channel(spaces[0], 'c', { codec: other.text }).sender().send('by the second copy');
port.postMessage({ same: spaces[0] === spaces[1], another: other.attach !== sdk.attach });
