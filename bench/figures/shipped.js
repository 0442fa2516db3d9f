/** What a page with one worker ships for each peer: minified, brotli, page and worker together. */

import { line } from '../line.js';
import { pipes } from '../peers/pipe.js';

/** What a page and its worker import, by peer. @type {Record<string, {page: string, worker: string, more?: string[]}>} */
const PROGRAMS = {
  'ringbuf.js': {
    page: "export { RingBuffer } from 'ringbuf.js';",
    worker: "export { RingBuffer } from 'ringbuf.js';",
  },
  comlink: {
    page: "export { wrap } from 'comlink/dist/esm/comlink.mjs';",
    worker: "export { expose } from 'comlink/dist/esm/comlink.mjs';",
  },
  workerpool: {
    page: "import w from 'workerpool'; export const { pool } = w;",
    worker: "import w from 'workerpool'; export const { worker } = w;",
  },
  coincident: {
    page: "export { default } from 'coincident/main';",
    worker: "export { default } from 'coincident/worker';",
  },
  'poolifier-web-worker': {
    page: "export { FixedThreadPool } from 'poolifier-web-worker';",
    worker: "export { ThreadWorker } from 'poolifier-web-worker';",
  },
  'Sluice, channels': {
    page: "export { create, spawn, channel } from 'sluice';",
    worker: "export { attach, channel } from 'sluice';",
    more: ['dist/core.wasm'],
  },
  Sluice: {
    page: "export { create, pool } from 'sluice';",
    worker: "export { attach, serve } from 'sluice';",
    more: ['dist/core.wasm'],
  },
};

/** The same for every engine: asked once. @param {import('../team.js').Env} env @returns {Promise<import('../line.js').Line[]>} */
export async function shipped(env) {
  if (env.engine !== 'node') return [];
  // Not for the bundle of browsers.
  const scripts = ['../../scripts/kept.js', '../../scripts/weigh.js', '../browsers.js'];
  const [{ weighProgram }, { weigh }, { forBrowsers }] = await Promise.all(
    scripts.map((path) => import(path)),
  );
  const lines = [];
  for (const [peer, { page, worker, more = [] }] of Object.entries(PROGRAMS)) {
    let bytes = 0;
    for (const part of [page, worker]) bytes += (await weighProgram(part, forBrowsers)).start;
    for (const file of more) bytes += (await weigh(file)).brotli;
    lines.push({ ...line('shipped', bytes, 'bytes', { what: 'page and worker' }), peer });
  }
  for (const { name } of pipes.filter(({ name }) => /^(postMessage|Atomics)/.test(name))) {
    lines.push({ ...line('shipped', 0, 'bytes', { what: 'page and worker' }), peer: name });
  }
  return lines;
}
