/** What the order book's page costs its main thread, by Chromium's own account of its tasks. */

import playwright from '@playwright/test';
import { locate, programs } from '../../../tests/browser/programs.js';
import { startServers } from '../../../tests/server.js';

/** Of these the first are to warm up. */
const [WARM, MESSAGES] = [300, 1500];
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic'];

/** @typedef {{busy: number, script: number, at: number, matched: number}} Account milliseconds so far */

/** @param {import('@playwright/test').Page} page */
async function accountOf(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  /** @returns {Promise<Account>} */
  return async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (/** @type {string} */ name) =>
      1000 * (metrics.find((metric) => metric.name === name)?.value ?? 0);
    const matched = Number(await page.locator('#matched').textContent());
    return { busy: of('TaskDuration'), script: of('ScriptDuration'), at: of('Timestamp'), matched };
  };
}

/** @param {import('@playwright/test').Page} page */
async function timeOf(page) {
  await page.waitForSelector('html[data-state=ready]');
  const account = await accountOf(page);
  /** @param {(now: Account) => boolean} holds */
  const when = async (holds) => {
    for (;;) {
      const now = await account();
      if (holds(now)) return now;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await page.click('#run');
  const from = await when(({ matched }) => matched >= WARM);
  const to = await when(({ matched }) => matched >= from.matched + MESSAGES);
  await page.click('#run');
  const quiet = await account();
  const end = await when(({ at }) => at >= quiet.at + (to.at - from.at));
  const thousands = (to.matched - from.matched) / 1000;
  return {
    busy: (to.busy - from.busy) / thousands,
    script: (to.script - from.script) / thousands,
    idle: (end.busy - quiet.busy) / thousands,
    seconds: (to.at - from.at) / 1000 / thousands,
  };
}

/**
 * For 1,000 messages that a peer gossips, while the ladder, the plot and the figures are drawn as they are for
 * people: milliseconds that the thread was `busy`, and of these in `script`; `idle`: busy in the same `seconds`
 * without a peer.
 */
export async function pageTimes() {
  const servers = await startServers();
  const executablePath = locate(programs.chromium);
  const browser = await playwright.chromium.launch({ executablePath, args: ARGS });
  try {
    const times = [];
    for (const [transport, server] of /** @type {const} */ ([
      ['shared', servers.isolated],
      ['message', servers.plain],
    ])) {
      const page = await browser.newPage();
      await page.goto(`${server}/examples/darkswap/page/index.html`);
      times.push({ transport, engine: `Chromium ${browser.version()}`, ...(await timeOf(page)) });
      await page.close();
    }
    return times;
  } finally {
    await browser.close();
    await servers.close();
  }
}
