// One small surface over three engines: Playwright drives Chromium and Firefox, WebDriver WebKitGTK.
// A browser and its one tab serve all tests of a project, until one fails: Playwright goes on with
// new ones then. Each test navigates afresh, which ends the workers of the last, and what an origin
// keeps is cleared. (A context of its own for each test takes 0.6 s here, and this 0.1 s.)
import { test as base } from '@playwright/test';
import { locate, programs } from './programs.js';
import { launchWebKit } from './webkit.js';

/** @typedef {import('@playwright/test').Browser} Browser */
/** @typedef {import('@playwright/test').BrowserContextOptions} BrowserContextOptions */
/** @typedef {typeof import('@playwright/test')} Playwright */

/**
 * @typedef {object} Tab
 * @property {(url: string) => Promise<unknown>} goto absolute, or relative to the server
 * @property {<R, A = undefined>(task: (argument: A) => R, argument?: A) => Promise<Awaited<R>>} evaluate
 *   runs a function that closes over nothing in the page, and awaits what it returns
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<string>} title
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Engine
 * @property {() => string} version known once a tab was open
 * @property {(baseURL: string) => Promise<Tab>} newTab
 * @property {() => Promise<void>} close
 */

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */
/** @typedef {{ engineName: EngineName, isolated: boolean, serverURL: string }} EngineOptions */

const LAUNCH_TIMEOUT = 60_000;

/**
 * @param {Browser} browser
 * @param {BrowserContextOptions} [options]
 * @returns {Engine}
 */
const overPlaywright = (browser, options) => ({
  version: () => browser.version(),
  newTab: async (baseURL) => {
    const context = await browser.newContext({ ...options, baseURL });
    const page = await context.newPage();
    return {
      goto: (url) => page.goto(url),
      evaluate: (task, argument) =>
        page.evaluate(/** @type {(argument: any) => any} */ (task), argument),
      reload: () => page.reload(),
      title: () => page.title(),
      close: () => context.close(),
    };
  },
  close: () => browser.close(),
});

// Debian's Firefox is driven over WebDriver BiDi, which emulates none of these.
/** @type {BrowserContextOptions} */
const unemulated = {
  viewport: null,
  colorScheme: null,
  reducedMotion: null,
  forcedColors: null,
  contrast: null,
};

/** @type {Record<EngineName, (playwright: any, isolated: boolean) => Promise<Engine>>} */
const launchers = {
  chromium: async (playwright) => {
    const executablePath = locate(programs.chromium);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic'];
    return overPlaywright(await playwright.chromium.launch({ executablePath, args }));
  },
  firefox: async (playwright) => {
    const executablePath = locate(programs.firefox);
    const channel = 'moz-firefox';
    return overPlaywright(await playwright.firefox.launch({ executablePath, channel }), unemulated);
  },
  webkit: (_, isolated) => launchWebKit({ sharedMemory: isolated }),
};

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
