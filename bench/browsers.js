/** How a bundler takes the peers for browsers. */

import { fileURLToPath } from 'node:url';

/** @satisfies {import('esbuild').BuildOptions} */
export const forBrowsers = {
  /** Asked for in Node alone. */
  external: ['piscina', 'tinypool', 'esbuild', 'node:*', 'child_process', 'os', 'worker_threads'],
  // Its conditions give bundlers what is for Deno; its documentation names this one for browsers.
  alias: {
    'poolifier-web-worker': fileURLToPath(
      new URL('../node_modules/poolifier-web-worker/browser/mod.js', import.meta.url),
    ),
  },
};
