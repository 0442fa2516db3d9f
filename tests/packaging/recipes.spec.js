// Each recipe of examples/recipes, as it stands there, isolates a page and its workers in each engine.
import { expect } from '@playwright/test';
import { test } from '../browser/engines.js';
import {
  apache,
  caddy,
  express,
  githubPages,
  hostWith,
  netlify,
  nginx,
  nodeHttp,
  vercel,
  viteDev,
  vitePreview,
  webpackDev,
} from './recipes/servers.js';

/** @typedef {import('../browser/launch.js').Tab} Tab */
/** @typedef {import('./recipes/process.js').Server} Server */

/**
 * @param {() => Promise<Server>} start
 * @param {(address: string) => Promise<void>} use
 */
async function serving(start, use) {
  const { address, close } = await start();
  try {
    await use(address);
  } finally {
    await close();
  }
}

/**
 * What a page shows, once it is done. Nothing, while it reloads itself.
 * @param {Tab} tab
 */
const result = (tab) =>
  tab
    .evaluate(() => JSON.parse(document.documentElement.dataset.result ?? 'null'))
    .catch(() => null);

/**
 * @param {Tab} tab
 * @param {object} expected
 */
async function shows(tab, expected) {
  await expect.poll(() => result(tab), { timeout: 30_000 }).not.toBeNull();
  expect(await result(tab)).toEqual(expected);
}

const shared = {
  isolated: true,
  transport: 'shared',
  said: 'Hello, Ada, over shared memory',
  codes: [],
};

/**
 * WebKitGTK is told by its environment to share memory, on every page.
 * @param {import('../browser/launch.js').EngineName} engineName
 */
const notIsolated = (engineName) =>
  engineName === 'webkit'
    ? { ...shared, isolated: false }
    : {
        isolated: false,
        transport: 'message',
        said: 'Hello, Ada, over message memory',
        codes: ['coop', 'coep'],
      };

/** @param {string} address */
async function headersOf(address) {
  const response = await fetch(address);
  await response.body?.cancel();
  const { headers, status } = response;
  return {
    status,
    cache: headers.get('cache-control'),
    type: headers.get('content-type')?.replace(/;.*/, ''),
    opener: headers.get('cross-origin-opener-policy'),
    embedder: headers.get('cross-origin-embedder-policy'),
    document: headers.get('document-isolation-policy'),
  };
}

const isolating = {
  opener: 'same-origin',
  embedder: 'require-corp',
  document: 'isolate-and-require-corp',
};

/** @type {Record<string, () => Promise<Server>>} */
const servers = {
  'nginx.conf': nginx,
  Caddyfile: caddy,
  '.htaccess': apache,
  'node-http.js': nodeHttp,
  'express.js': express,
  _headers: netlify,
  'vercel.json': vercel,
};

for (const [name, start] of Object.entries(servers))
  test(`${name} isolates a page and its workers`, async ({ tab }) => {
    await serving(start, async (address) => {
      await tab.goto(`${address}/`);
      await shows(tab, shared);
      for (const [path, type] of /** @type {const} */ ([
        ['/', 'text/html'],
        ['/assets/worker.js', expect.stringMatching(/^(text|application)\/javascript$/)],
        ['/assets/sluice/core.wasm', 'application/wasm'],
      ]))
        expect(await headersOf(address + path), path).toMatchObject({
          status: 200,
          type,
          ...isolating,
        });
      const { cache, ...missing } = await headersOf(`${address}/assets/missing.js`);
      expect(missing, 'an error page').toMatchObject({ status: 404, ...isolating });
      expect(cache ?? '', 'an error page').not.toContain('max-age');
    });
  });

/** @type {Record<string, () => Promise<Server>>} */
const bundled = {
  'vite.config.js, Vite 8 dev,': viteDev('vite'),
  'vite.config.js, Vite 8 preview,': vitePreview('vite'),
  'vite.config.js, Vite 7 dev,': viteDev('vite-7'),
  'vite.config.js, Vite 7 preview,': vitePreview('vite-7'),
  'webpack.config.js': webpackDev,
};

for (const [name, start] of Object.entries(bundled))
  test(`${name} isolates a page and its workers`, async ({ tab }) => {
    await serving(start, async (address) => {
      await tab.goto(`${address}/`);
      await shows(tab, shared);
      for (const path of ['/', '/missing.js'])
        expect(await headersOf(address + path), path).toMatchObject(isolating);
    });
  });

test('coi.js isolates a page and its workers where the host sets no headers', async ({ tab }) => {
  await serving(githubPages, async (address) => {
    await tab.goto(`${address}/`);
    // The first load may show something, too.
    await expect.poll(() => result(tab), { timeout: 30_000 }).toEqual(shared);
  });
});

test('Document-Isolation-Policy alone isolates in Chromium', async ({ tab, engineName }) => {
  const alone = hostWith({ 'document-isolation-policy': isolating.document });
  await serving(alone, async (address) => {
    await tab.goto(`${address}/`);
    await shows(tab, engineName === 'chromium' ? shared : notIsolated(engineName));
  });
});

test('headers that are sent twice isolate nothing', async ({ tab, engineName }) => {
  const twice = hostWith({
    'cross-origin-opener-policy': 'same-origin, same-origin',
    'cross-origin-embedder-policy': 'require-corp, require-corp',
    'document-isolation-policy': 'isolate-and-require-corp, isolate-and-require-corp',
  });
  await serving(twice, async (address) => {
    await tab.goto(`${address}/`);
    await shows(tab, notIsolated(engineName));
  });
});
