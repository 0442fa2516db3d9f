// Three engines as one small surface: Playwright drives Chromium and Firefox, WebDriver WebKitGTK.
import { locate, programs } from './programs.js';
import { launchWebKit } from './webkit.js';

/** @typedef {import('@playwright/test').Browser} Browser */
/** @typedef {import('@playwright/test').BrowserContextOptions} BrowserContextOptions */

/**
 * @typedef {object} Tab
 * @property {(url: string) => Promise<unknown>} goto absolute, or relative to the server
 * @property {<R, A = undefined>(task: (argument: A) => R, argument?: A) => Promise<Awaited<R>>} evaluate
 *   runs a function that closes over nothing in the page, and awaits what it returns
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<string>} title
 * @property {(key: 'Tab' | 'Enter') => Promise<unknown>} press as a person does
 * @property {() => Promise<string>} screenshot of what is visible: a PNG, in base64
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Engine
 * @property {() => string} version known once a tab was open
 * @property {(baseURL: string) => Promise<Tab>} newTab
 * @property {() => Promise<void>} close
 */

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */

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
      press: (key) => page.keyboard.press(key),
      screenshot: async () => (await page.screenshot()).toString('base64'),
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

/** @param {any} playwright @param {string[]} [more] flags */
export const launchChromium = (playwright, more = []) =>
  playwright.chromium.launch({
    executablePath: locate(programs.chromium),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...more],
  });

/** @type {Record<EngineName, (playwright: any, isolated: boolean) => Promise<Engine>>} */
export const launchers = {
  chromium: async (playwright) => overPlaywright(await launchChromium(playwright)),
  firefox: async (playwright) => {
    const executablePath = locate(programs.firefox);
    const channel = 'moz-firefox';
    return overPlaywright(await playwright.firefox.launch({ executablePath, channel }), unemulated);
  },
  webkit: (_, isolated) => launchWebKit({ sharedMemory: isolated }),
};
