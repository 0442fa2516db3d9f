/** A figure in a page of a Chromium of its own, profiled. */

import * as playwright from '@playwright/test';
import { launchChromium } from '../../tests/browser/launch.js';
import { startServers } from '../../tests/server.js';
import { serveCpu } from '../cpu.js';
import { runInTab } from '../engines.js';
import { startProfiles } from './threads.js';

/** In the page. */
function stopFirst() {
  const { terminate } = Worker.prototype;
  Worker.prototype.terminate = function () {
    /** @type {any} */ (globalThis).stopWorkers().then(() => terminate.call(this));
  };
}

/** @param {string} figure @returns {Promise<import('./threads.js').Profiled[]>} */
export async function profileInChromium(figure) {
  const [servers, cpu] = [await startServers(), await serveCpu()];
  /** @type {import('@playwright/test').Browser} */
  const browser = await launchChromium(playwright);
  try {
    const page = await browser.newPage({ baseURL: servers.isolated });
    const session = await page.context().newCDPSession(page);
    const profiles = await startProfiles(
      {
        post: (method, params) => session.send(/** @type {any} */ (method), params),
        on: (event, use) => session.on(/** @type {any} */ (event), use),
      },
      {
        watch: [
          'Target.setAutoAttach',
          { autoAttach: true, waitForDebuggerOnStart: true, flatten: false },
        ],
        attached: 'Target.attachedToTarget',
        received: 'Target.receivedMessageFromTarget',
        detached: 'Target.detachedFromTarget',
        send: 'Target.sendMessageToTarget',
      },
    );
    await page.exposeFunction('stopWorkers', profiles.stopWorkers);
    await page.addInitScript(stopFirst);
    await runInTab(page, { figure, name: 'chromium', cpuUrl: cpu.url, base: '' });
    return await profiles.stop();
  } finally {
    await browser.close();
    await servers.close();
    cpu.close();
  }
}
