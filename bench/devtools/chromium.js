/** A Chromium of a figure's own, with the DevTools' protocol in its page and workers. */

import * as playwright from '@playwright/test';
import { launchChromium } from '../../tests/browser/launch.js';
import { startServers } from '../../tests/server.js';

/** @type {import('./workers.js').Domain} */
export const IN_CHROMIUM = {
  watch: [
    'Target.setAutoAttach',
    { autoAttach: true, waitForDebuggerOnStart: true, flatten: false },
  ],
  attached: 'Target.attachedToTarget',
  received: 'Target.receivedMessageFromTarget',
  detached: 'Target.detachedFromTarget',
  send: 'Target.sendMessageToTarget',
};

/**
 * @template R
 * @param {string[]} flags
 * @param {(page: import('@playwright/test').Page, session: import('./workers.js').Session) => Promise<R>} use
 * @returns {Promise<R>}
 */
export async function withChromium(flags, use) {
  const servers = await startServers();
  /** @type {import('@playwright/test').Browser} */
  const browser = await launchChromium(playwright, flags);
  try {
    const page = await browser.newPage({ baseURL: servers.isolated });
    const session = await page.context().newCDPSession(page);
    return await use(page, {
      post: (method, params) => session.send(/** @type {any} */ (method), params),
      on: (event, use) => session.on(/** @type {any} */ (event), use),
    });
  } finally {
    await browser.close();
    await servers.close();
  }
}
