/** In a page: one figure. */

import { figures } from './figures.js';

/**
 * @param {string} name
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 */
export const run = (name, engine) =>
  figures[name]({
    engine,
    worker: (script = 'worker.js') =>
      new Worker(new URL(script, import.meta.url), { type: 'module' }),
    url: (path) => new URL(path, `${location.origin}/`).href,
  });
