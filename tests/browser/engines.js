// A browser and its one tab serve all tests of a project, until one fails: Playwright goes on with
// new ones then. What an origin keeps is cleared after each test. (A context of its own for each test
// takes 0.6 s, and this 0.1 s.)
import { test as base } from '@playwright/test';
import { launchers } from './launch.js';

/** @typedef {import('./launch.js').Engine} Engine */
/** @typedef {import('./launch.js').EngineName} EngineName */
/** @typedef {import('./launch.js').Tab} Tab */
/** @typedef {{ engineName: EngineName, isolated: boolean, serverURL: string }} EngineOptions */

const LAUNCH_TIMEOUT = 60_000;

// Runs in the page at the end of a test.
async function forgetOrigin() {
  for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  for (const registration of registrations) await registration.unregister();
  for (const { name } of (await indexedDB.databases?.()) ?? [])
    if (name) indexedDB.deleteDatabase(name);
  localStorage.clear();
  sessionStorage.clear();
}

/** @typedef {import('@playwright/test').PlaywrightTestArgs} TestArgs */
/** @typedef {import('@playwright/test').PlaywrightTestOptions} TestOptions */
/** @typedef {import('@playwright/test').PlaywrightWorkerArgs} WorkerArgs */
/** @typedef {import('@playwright/test').PlaywrightWorkerOptions} WorkerOptions */
/** @typedef {EngineOptions & { engine: Engine, onlyTab: Tab }} EngineFixtures */

/**
 * The fixture of a test is `tab`, in a browser that the project chooses.
 * @type {import('@playwright/test').Fixtures<
 *   { tab: Tab }, EngineFixtures, TestArgs & TestOptions, WorkerArgs & WorkerOptions>}
 */
const fixtures = {
  engineName: ['chromium', { option: true, scope: 'worker' }],
  isolated: [true, { option: true, scope: 'worker' }],
  serverURL: ['', { option: true, scope: 'worker' }],
  engine: [
    async ({ playwright, engineName, isolated }, use) => {
      const engine = await launchers[engineName](playwright, isolated);
      await use(engine);
      await engine.close();
    },
    { scope: 'worker', timeout: LAUNCH_TIMEOUT },
  ],
  onlyTab: [
    async ({ engine, serverURL }, use) => {
      const tab = await engine.newTab(serverURL);
      await use(tab);
    },
    { scope: 'worker', timeout: LAUNCH_TIMEOUT },
  ],
  tab: async ({ engine, onlyTab }, use, testInfo) => {
    // The reporter, which runs in another process, reads it from here.
    testInfo.annotations.push({ type: 'version', description: engine.version() });
    await use(onlyTab);
    if (testInfo.errors.length === 0) await onlyTab.evaluate(forgetOrigin);
  },
};

export const test = base.extend(fixtures);
