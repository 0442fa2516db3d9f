// The example of isolation: under each set of headers its page says what is missing, in this engine.
import { expect } from '@playwright/test';
import { serveVariants } from '../../examples/isolation/server.js';
import { variants } from '../../examples/isolation/variants.js';
import { test } from './engines.js';

const both = ['coop', 'coep'];
/** What is missing where it is missing in all engines. @type {Record<string, string[]>} */
const everywhere = {
  isolated: [],
  nothing: both,
  'opener-only': ['coep'],
  'embedder-only': ['coop'],
  credentialless: [],
  'report-only': both,
  document: both,
  'bare-worker': ['worker-coep'],
  policy: ['csp-worker'],
};

// WebKitGTK shares memory only by a variable in its environment, on every page then; the projects of
// pages that are not isolated leave that out.
/** @type {Record<string, Record<string, string[]>>} */
const expected = {
  chromium: { ...everywhere, document: [] },
  firefox: everywhere,
  webkit: { isolated: [], 'bare-worker': ['worker-coep'], policy: ['csp-worker'] },
  'webkit-plain': {
    ...everywhere,
    isolated: ['no-sharing'],
    credentialless: ['coep-credentialless'],
    'bare-worker': ['no-sharing', 'worker-coep'],
    policy: ['no-sharing', 'csp-worker'],
  },
};

const states = () =>
  new Promise((resolve) => {
    const root = document.documentElement;
    const look = () => {
      if (root.dataset.state !== 'done' && root.dataset.state !== 'failed') return;
      observer.disconnect();
      resolve(undefined);
    };
    const observer = new MutationObserver(look);
    observer.observe(root, { attributes: true });
    look();
  });

/** @type {{address: string, close(): Promise<void>}} */
let server;
test.beforeAll(async () => {
  server = await serveVariants();
});
test.afterAll(() => server.close());

test(
  'the example of isolation names what is missing under each set of headers',
  {
    tag: ['@not-chromium-plain', '@not-firefox-plain'],
  },
  async ({ tab }, { project }) => {
    for (const [variant, codes] of Object.entries(expected[project.name])) {
      await tab.goto(`${server.address}/${variant}/`);
      await tab.evaluate(states);
      const found = await tab.evaluate(() => ({
        codes: [
          .../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#problems li')),
        ].map(({ dataset }) => dataset.code),
        verdict: document.getElementById('verdict')?.className,
        text: document.getElementById('text')?.textContent ?? '',
      }));
      expect(found.codes, variant).toEqual(codes);
      const keeps = codes.every((code) => code === 'worker-coep' || code === 'csp-worker');
      expect(found.verdict, variant).toBe(keeps ? 'shared' : 'message');
      expect(found.text).toContain(`/${variant}/`);
    }
  },
);

test('the example of isolation knows all of its variants', {
  tag: ['@not-chromium-plain', '@not-firefox-plain', '@not-webkit', '@not-webkit-plain'],
}, () => {
  expect(Object.keys(variants)).toEqual(Object.keys(everywhere));
});
