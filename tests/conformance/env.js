// Where a conformance case runs: what it may know beforehand, and what it is handed to work with.

/**
 * @typedef {object} Setting
 * @property {'chromium' | 'firefox' | 'webkit' | 'node'} engine
 * @property {boolean} isolated whether the page is cross-origin isolated; Node always is
 * @property {'shared' | 'message'} transport what create(options) has to give here
 * @property {{ transport?: 'message' }} options to spread into the options of create()
 */

/**
 * @typedef {object} Tools
 * @property {(path: string) => string} url the address of a file of the repository
 * @property {(path: string) => string} fault the address of one of tests/faults.js
 * @property {(path: string) => Worker} worker a new module worker from tests/conformance/workers/,
 *   or from any address that url() or fault() gave
 */

/** @typedef {Setting & Tools} Env */

/**
 * @typedef {object} Case
 * @property {string} name the behaviour that it holds the SDK to, unique in the suite
 * @property {(setting: Setting) => boolean} [where] default: everywhere; elsewhere it does not exist
 * @property {(env: Env) => Promise<void>} run rejects when the behaviour is another
 */

/** How long a case may take, in milliseconds. */
export const DEADLINE = 20_000;

/**
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 * @param {boolean} isolated
 * @returns {Setting}
 */
export const browserSetting = (engine, isolated) => ({
  engine,
  isolated,
  transport: isolated ? 'shared' : 'message',
  options: {},
});

/**
 * @param {'shared' | 'message'} transport
 * @returns {Setting}
 */
export const nodeSetting = (transport) => ({
  engine: 'node',
  isolated: true,
  transport,
  options: transport === 'message' ? { transport } : {},
});
