// WebKitGTK, which Playwright does not drive here, over plain W3C WebDriver on a display of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { locate, programs } from './programs.js';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @typedef {import('./launch.js').Engine} Engine */
/** @typedef {import('./launch.js').Tab} Tab */
/** @typedef {(method: string, path: string, body?: object) => Promise<any>} Call */

const SCRIPT_TIMEOUT = 60_000;
const LOAD_TIMEOUT = 20_000;
const START_TIMEOUT = 20_000;

/**
 * Ends a process with all that it started: a page that spins would survive its driver.
 * @param {ChildProcess} child started as the head of its process group
 */
function endGroup(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
}

/** @param {ChildProcess} child */
async function ended(child) {
  endGroup(child);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** @returns {Promise<{ process: ChildProcess, name: string }>} a virtual display */
async function startDisplay() {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
  const stdio = /** @type {const} */ (['ignore', 'ignore', 'ignore', 'pipe']);
  const child = spawn(locate(programs.xvfb), args, { stdio: [...stdio], detached: true });
  const stopped = once(child, 'exit').then(() => {
    throw new Error('Xvfb stopped before it had a display: run it by hand to see why');
  });
  const pipe = /** @type {import('node:stream').Readable} */ (child.stdio[3]);
  const [number] = await Promise.race([once(pipe, 'data'), stopped]);
  stopped.catch(() => {});
  return { process: child, name: `:${String(number).trim()}` };
}

/**
 * Without the variable this engine has no SharedArrayBuffer, as on a page that is not isolated; with
 * it, it would even post one there.
 * @param {string} display
 * @param {boolean} sharedMemory
 */
function environment(display, sharedMemory) {
  const { JSC_useSharedArrayBuffer: _, ...inherited } = process.env;
  return {
    ...inherited,
    ...(sharedMemory && { JSC_useSharedArrayBuffer: '1' }),
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', // it needs a user namespace, which root lacks
  };
}

/**
 * @param {string} address of the driver
 * @returns {Call}
 */
const caller = (address) => async (method, path, body) => {
  const response = await fetch(address + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const { value } = /** @type {{ value: any }} */ (await response.json());
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
};

/** @param {Call} call */
async function untilReady(call) {
  const end = Date.now() + START_TIMEOUT;
  for (;;) {
    try {
      return await call('GET', '/status');
    } catch (error) {
      if (Date.now() > end)
        throw new Error('WebKitWebDriver does not answer after its start', { cause: error });
      await sleep(20);
    }
  }
}

/** @typedef {{ path: string, version: string }} Session */

/**
 * @param {Call} call
 * @returns {Promise<Session>}
 */
async function openSession(call) {
  const binary = locate(programs.miniBrowser);
  const options = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } };
  const asked = { capabilities: { alwaysMatch: options } };
  const { sessionId, capabilities } = await call('POST', '/session', asked);
  const path = `/session/${sessionId}`;
  await call('POST', `${path}/timeouts`, { script: SCRIPT_TIMEOUT, pageLoad: LOAD_TIMEOUT });
  return { path, version: capabilities.browserVersion };
}

/**
 * What `evaluate` runs in the page. A promise is awaited there, and an error comes back as data.
 * @param {Function} task
 */
const script = (task) => `
  const [argument, done] = [arguments[0], arguments[arguments.length - 1]];
  Promise.resolve().then(() => (${task})(argument)).then(
    (value) => done({ value }),
    (error) => done({ error: String(error), stack: error?.stack ?? '' }),
  );`;

/** WebDriver's names of keys. */
const KEYS = { Tab: '\uE004', Enter: '\uE007' };

/**
 * @param {Call} call
 * @param {string} path of the session
 * @param {string} baseURL
 * @returns {Tab}
 */
function tab(call, path, baseURL) {
  return {
    goto: (url) => call('POST', `${path}/url`, { url: new URL(url, baseURL).href }),
    reload: () => call('POST', `${path}/refresh`, {}),
    title: () => call('GET', `${path}/title`),
    press: (key) => {
      const value = KEYS[key];
      const actions = ['keyDown', 'keyUp'].map((type) => ({ type, value }));
      const keyboard = { type: 'key', id: 'keyboard', actions };
      return call('POST', `${path}/actions`, { actions: [keyboard] });
    },
    screenshot: () => call('GET', `${path}/screenshot`),
    evaluate: async (task, argument) => {
      const body = { script: script(task), args: [argument ?? null] };
      const result = await call('POST', `${path}/execute/async`, body);
      if (!('error' in result)) return result.value;
      throw Object.assign(new Error(result.error), { stack: `${result.error}\n${result.stack}` });
    },
    close: () => call('DELETE', path),
  };
}

/**
 * @param {{ sharedMemory: boolean }} options
 * @returns {Promise<Engine>}
 */
export async function launchWebKit({ sharedMemory }) {
  const driverPath = locate(programs.webkitDriver);
  locate(programs.miniBrowser);
  const display = await startDisplay();
  const port = await freePort();
  const driver = spawn(driverPath, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    detached: true,
    env: environment(display.name, sharedMemory),
  });
  const endAll = () => [driver, display.process].forEach(endGroup);
  process.once('exit', endAll);
  const call = caller(`http://127.0.0.1:${port}`);
  await untilReady(call);
  let version = '';
  return {
    version: () => version,
    newTab: async (baseURL) => {
      const session = await openSession(call);
      version = session.version;
      return tab(call, session.path, baseURL);
    },
    close: async () => {
      process.off('exit', endAll);
      await Promise.all([ended(driver), ended(display.process)]);
    },
  };
}
