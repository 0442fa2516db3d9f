/** The figure of garbage in Chromium, where a worker cannot say what its heap holds: the DevTools can. */

import { GARBAGE_FLAGS } from '../figures/garbage.js';
import { runInTab } from '../tab.js';
import { IN_CHROMIUM, withChromium } from './chromium.js';
import { watchWorkers } from './workers.js';

/** @param {string} base of another tree, as engines.js has it @returns {Promise<import('../line.js').Line[]>} */
export const garbageInChromium = (base) =>
  withChromium([`--js-flags=${GARBAGE_FLAGS.join(' ')}`], async (page, session) => {
    const workers = await watchWorkers(session, IN_CHROMIUM);
    await page.exposeFunction('workerHeaps', async () => {
      const all = await Promise.all(workers().map(({ post }) => post('Runtime.getHeapUsage')));
      return all.reduce(
        (sum, { usedSize, embedderHeapUsedSize, backingStorageSize }) =>
          sum + usedSize + embedderHeapUsedSize + backingStorageSize,
        0,
      );
    });
    return runInTab(page, { figure: 'garbage', name: 'chromium', cpuUrl: '', base });
  });
