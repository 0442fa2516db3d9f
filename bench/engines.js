/**
 * Where the figures run: each in a Node or a page of its own.
 *
 * @typedef {import('./team.js').EngineName} EngineName
 * @typedef {import('./line.js').Line} Line
 * `base`: the folder of another tree, with a slash at its end; this one by default.
 *
 * @typedef {{version(): string, run(figure: string, base?: string): Promise<Line[]>, close(): Promise<void>}} Engine
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as playwright from '@playwright/test';
import { launchers } from '../tests/browser/launch.js';
import { startServers } from '../tests/server.js';
import { serveCpu } from './cpu.js';
import { GARBAGE_FLAGS } from './figures/garbage.js';

/** A driver waits for a minute at most, some figures take longer. */
const PATIENCE = 40_000;

/**
 * In a page: the lines, or nothing after so many milliseconds.
 *
 * @param {number} ms
 * @returns {Promise<Line[] | undefined>}
 */
const shortly = (ms) =>
  Promise.race([
    /** @type {any} */ (globalThis).result,
    new Promise((resolve) => setTimeout(resolve, ms)),
  ]);

/** @param {EngineName} name @returns {Promise<Engine>} */
export const startEngine = (name) => (name === 'node' ? inNode() : inBrowser(name));

/** @returns {Promise<Engine>} */
async function inNode() {
  return {
    version: () => `Node ${process.versions.node}`,
    async run(figure, base = '') {
      const child = fork(
        fileURLToPath(new URL(`../${base}bench/run-node.js`, import.meta.url)),
        [figure],
        {
          execArgv: figure === 'garbage' ? GARBAGE_FLAGS : [],
        },
      );
      /** @type {Line[] | undefined} */
      let lines;
      child.on('message', (message) => {
        lines = /** @type {Line[]} */ (message);
      });
      const [code] = await once(child, 'exit');
      if (!lines) throw new Error(`${figure} in Node ended with ${code}`);
      return lines;
    },
    close: async () => {},
  };
}

/** @param {Exclude<EngineName, 'node'>} name @returns {Promise<Engine>} */
async function inBrowser(name) {
  const servers = await startServers();
  const cpu = await serveCpu();
  const engine = await launchers[name](playwright, true);
  const tab = await engine.newTab(servers.isolated);
  const title = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKitGTK' }[name];
  return {
    version: () => `${title} ${engine.version()}`,
    async run(figure, base = '') {
      await tab.goto(`/${base}bench/page.html`);
      await tab.evaluate(
        async ({ figure, name, quick, cpuUrl, base }) => {
          const address = `/${base}build/bench/run-page.js`;
          const { run } = /** @type {typeof import('./run-page.js')} */ (await import(address));
          /** @type {any} */ (globalThis).result = run(figure, name, quick, cpuUrl);
        },
        { figure, name, quick: process.env.QUICK === '1', cpuUrl: cpu.url, base },
      );
      for (;;) {
        const lines = await tab.evaluate(shortly, PATIENCE);
        if (lines) return lines;
      }
    },
    async close() {
      await tab.close();
      await engine.close();
      await servers.close();
      cpu.close();
    },
  };
}
