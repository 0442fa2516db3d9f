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
import { garbageInChromium } from './devtools/heaps.js';
import { GARBAGE_FLAGS } from './figures/garbage.js';
import { runInTab } from './tab.js';

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
    run: (figure, base = '') =>
      name === 'chromium' && figure === 'garbage'
        ? garbageInChromium(base)
        : runInTab(tab, { figure, name, cpuUrl: cpu.url, base }),
    async close() {
      await tab.close();
      await engine.close();
      await servers.close();
      cpu.close();
    },
  };
}
