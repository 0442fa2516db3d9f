// The package without a bundler: its files as they are, in the three engines.
import { createHash } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from '../browser/engines.js';
import { ISOLATION, serveFiles } from './files.js';
import { install } from './install.js';
import { look } from './look.js';

const USED = { words: 500, squares: true };
const onMessages = { ...USED, transport: 'message' };
const onShared = { ...USED, transport: 'shared' };

/** The hash by which a policy lets an import map be. @param {string} folder */
async function hashOfMap(folder) {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  return `'sha256-${createHash('sha256').update(map).digest('base64')}'`;
}

test('an import map is all that the package needs, on an isolated page and on another', async ({
  tab,
  engineName,
}) => {
  const folder = await install(`import-map-${engineName}`, ['page', 'import-map']);
  const folders = [folder, join(folder, 'public')];
  const isolated = await serveFiles({ folders, headers: ISOLATION });
  const plain = await serveFiles({ folders });
  try {
    expect(await look(tab, isolated.address)).toEqual({
      first: onShared,
      second: onMessages,
      problems: [],
    });
    expect(isolated.missing).toEqual([]);
    // WebKitGTK with the flag for shared memory would post one here, too.
    if (engineName === 'webkit') return;
    expect(await look(tab, plain.address)).toEqual({
      first: onMessages,
      second: onMessages,
      problems: ['error coop', 'error coep'],
    });
  } finally {
    await isolated.close();
    await plain.close();
  }
});

test('it works under a strict Content-Security-Policy', async ({ tab, engineName }) => {
  const folder = await install(`strict-csp-${engineName}`, ['page', 'import-map']);
  const policy = `script-src 'self' 'wasm-unsafe-eval' ${await hashOfMap(folder)}`;
  const served = await serveFiles({
    folders: [folder, join(folder, 'public')],
    headers: { ...ISOLATION, 'content-security-policy': policy },
  });
  try {
    expect(await look(tab, served.address)).toEqual({
      first: onShared,
      second: onMessages,
      problems: [],
    });
  } finally {
    await served.close();
  }
});

test("it works from another origin's server", async ({ tab, engineName }) => {
  const folder = await install(`cdn-${engineName}`, ['page', 'cdn']);
  const cdn = await serveFiles({
    folders: [join(folder, 'node_modules')],
    headers: {
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    },
  });
  const served = await serveFiles({
    folders: [folder, join(folder, 'public')],
    headers: ISOLATION,
    replace: { 'https://cdn.example': cdn.address },
  });
  try {
    expect(await look(tab, served.address)).toEqual({
      first: onShared,
      second: onMessages,
      problems: ['warning worker-cross-origin'],
    });
    expect([...cdn.missing, ...served.missing]).toEqual([]);
  } finally {
    await served.close();
    await cdn.close();
  }
});

test('sluice/inline is all in one file', async ({ tab, engineName }) => {
  const folder = await install(`inline-${engineName}`, ['page', 'inline']);
  for (const name of ['inline.js', 'diagnose.js'])
    await cp(join(folder, 'node_modules/sluice/dist', name), join(folder, name));
  await rm(join(folder, 'node_modules'), { recursive: true });
  const served = await serveFiles({
    folders: [folder, join(folder, 'public')],
    headers: ISOLATION,
  });
  try {
    expect(await look(tab, served.address)).toEqual({
      first: onShared,
      second: onMessages,
      problems: ['warning worker-missing'],
    });
    expect(served.missing).toContain('diagnose-worker.js');
    expect(new Set(served.missing).size).toBe(1);
  } finally {
    await served.close();
  }
});
