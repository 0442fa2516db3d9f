/** In a frame that figures/start.js opened: one measurement, told to it. */

import { firstCall } from './roles/first-call.js';
import * as start from './roles/start.js';

/** @type {Record<string, (argument: string, more: string) => Promise<number>>} */
const measures = {
  bare: () => start.bare(worker),
  byHand: (url) => start.byHand(worker, url),
  oneByOne: () => start.oneByOne(worker),
  together: () => start.together(worker),
  fromDisk: start.fromDisk,
  firstCall: (peer) =>
    firstCall(
      { engine: 'chromium', worker: (script = 'worker.js') => worker(script), script: address },
      peer,
    ),
};

/** Each a file of its own, as bundlers make it. @param {string} script */
function worker(script) {
  return new Worker(address(script), { type: 'module' });
}

/** @param {string} script */
function address(script) {
  return new URL(script, import.meta.url).href;
}

const [measure, ...words] = JSON.parse(decodeURIComponent(location.hash.slice(1)));
try {
  parent.postMessage({ ms: await measures[measure](words[0], words[1]) });
} catch (error) {
  parent.postMessage({ error: String(error) });
}
