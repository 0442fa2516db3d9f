/** A figure in a page of a Chromium of its own, profiled. */

import { serveCpu } from '../cpu.js';
import { IN_CHROMIUM, withChromium } from '../devtools/chromium.js';
import { runInTab } from '../tab.js';
import { startProfiles } from './profiles.js';

/** In the page. */
function stopFirst() {
  const { terminate } = Worker.prototype;
  Worker.prototype.terminate = function () {
    /** @type {any} */ (globalThis).stopWorkers().then(() => terminate.call(this));
  };
}

/** @param {string} figure @returns {Promise<import('./profiles.js').Profiled[]>} */
export const profileInChromium = (figure) =>
  withChromium([], async (page, session) => {
    const cpu = await serveCpu();
    try {
      const profiles = await startProfiles(session, IN_CHROMIUM);
      await page.exposeFunction('stopWorkers', profiles.stopWorkers);
      await page.addInitScript(stopFirst);
      await runInTab(page, { figure, name: 'chromium', cpuUrl: cpu.url, base: '' });
      return await profiles.stop();
    } finally {
      cpu.close();
    }
  });
