/** In a page: one figure. */

import { figures } from './figures.js';

/**
 * @param {string} name
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 * @param {boolean} quick
 * @param {string} cpuUrl tells what the browser's processes have taken
 */
export const run = (name, engine, quick, cpuUrl) =>
  figures[name]({
    engine,
    quick,
    worker: (script = 'worker.js') =>
      new Worker(new URL(script, import.meta.url), { type: 'module' }),
    script: (path) => new URL(path, import.meta.url).href,
    url: (path) => new URL(`../../${path}`, import.meta.url).href,
    heaps: /** @type {any} */ (globalThis).workerHeaps,
    cpu: async () => Number(await (await fetch(cpuUrl)).text()),
  });
