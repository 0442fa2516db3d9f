/**
 * Where the figures run: each in a Node or a page of its own.
 *
 * @typedef {import('./team.js').EngineName} EngineName
 * @typedef {import('./line.js').Line} Line
 * @typedef {{version(): string, run(figure: string): Promise<Line[]>, close(): Promise<void>}} Engine
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as playwright from '@playwright/test';
import { launchers } from '../tests/browser/launch.js';
import { startServers } from '../tests/server.js';

/** @param {EngineName} name @returns {Promise<Engine>} */
export const startEngine = (name) => (name === 'node' ? inNode() : inBrowser(name));

/** @returns {Promise<Engine>} */
async function inNode() {
  return {
    version: () => `Node ${process.versions.node}`,
    async run(figure) {
      const child = fork(fileURLToPath(new URL('run-node.js', import.meta.url)), [figure]);
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
  const engine = await launchers[name](playwright, true);
  const tab = await engine.newTab(servers.isolated);
  const title = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKitGTK' }[name];
  return {
    version: () => `${title} ${engine.version()}`,
    async run(figure) {
      await tab.goto('/bench/page.html');
      return tab.evaluate(
        async ({ figure, name }) => {
          const address = '/bench/run-page.js';
          const { run } = /** @type {typeof import('./run-page.js')} */ (await import(address));
          return run(figure, name);
        },
        { figure, name },
      );
    },
    async close() {
      await tab.close();
      await engine.close();
      await servers.close();
    },
  };
}
