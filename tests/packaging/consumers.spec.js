// The package in each bundler, as consumers.js has them: in Chromium, for they bundle alike for all.
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from '../browser/engines.js';
import { leftOutTag } from '../browser/projects.js';
import { table } from './consumers.js';
import { ISOLATION, serveFiles } from './files.js';
import { install } from './install.js';
import { look } from './look.js';
import { complete, serveBy } from './programs.js';
import { projects } from './projects.js';

/** @typedef {import('./consumers.js').Consumer} Consumer */

const inChromium = {
  tag: projects.filter(({ engineName }) => engineName !== 'chromium').map(leftOutTag),
};

/** Minutes where the machine has other work, a few seconds else. */
const BUILD_TIMEOUT = 300_000;

const USED = { words: 500, squares: true };
const onMessages = { ...USED, transport: 'message' };
const onShared = { ...USED, transport: 'shared' };

/** @param {Consumer} consumer @returns {Promise<string>} its folder */
async function make({ name, sources, build }) {
  const folder = await install(name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), sources);
  if (build) await complete(build, folder);
  return folder;
}

/** @type {Map<Consumer, Promise<string>>} */
const made = new Map();

/** Made while the test before it looks at its own. @param {Consumer | undefined} consumer */
function making(consumer) {
  if (!consumer) return undefined;
  const known = made.get(consumer);
  if (known) return known;
  const folder = make(consumer);
  folder.catch(() => {}); // told by the test
  made.set(consumer, folder);
  return folder;
}

/** @param {Consumer} consumer @param {string} folder
 * @returns {Promise<{address: string, missing?: string[], close(): Promise<void>}>} */
const served = ({ serve, out = 'dist', policy }, folder) =>
  serve
    ? serveBy(serve, folder)
    : serveFiles({
        // Not all bundlers take the page along, and what it loads by itself.
        folders: [join(folder, out), folder, join(folder, 'public')],
        headers: { ...ISOLATION, ...(policy && { 'content-security-policy': policy }) },
      });

for (const [i, consumer] of table.entries()) {
  test(consumer.name, inChromium, async ({ tab }) => {
    test.setTimeout(BUILD_TIMEOUT);
    const own = making(consumer);
    making(table[i + 1]);
    const server = await served(consumer, String(await own));
    try {
      const { lost = [], fails } = consumer;
      expect(await look(tab, server.address)).toEqual(
        fails
          ? { error: expect.stringMatching(fails) }
          : {
              first: onShared,
              second: onMessages,
              problems: lost.length > 0 ? ['warning worker-missing'] : [],
            },
      );
      // Nothing else, and the copies have taken over.
      if ('missing' in server)
        expect([...new Set(server.missing)].sort()).toEqual([...lost].sort());
    } finally {
      await server.close();
    }
  });
}
