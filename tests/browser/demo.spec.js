// The page that `make serve` shows does its job, isolated and not.
import { expect } from '@playwright/test';
import { test } from './engines.js';

const SECONDS = 150;

/** Resolves when the page's state has changed from `seen`, or after a while: a script may not run for
 * as long as the page does. @param {string | undefined} seen @returns {Promise<string | undefined>} */
const nextState = (seen) =>
  new Promise((resolve) => {
    const root = document.documentElement;
    const look = () => {
      if (root.dataset.state !== seen) done();
    };
    const observer = new MutationObserver(look);
    const timer = setTimeout(() => done(), 5000);
    function done() {
      observer.disconnect();
      clearTimeout(timer);
      resolve(root.dataset.state);
    }
    observer.observe(root, { attributes: true });
    look();
  });

test('the demo page carries all places and its checks hold', async ({ tab, isolated }) => {
  test.setTimeout(SECONDS * 1000);
  await tab.goto('/examples/cities/index.html?run=1');
  let state;
  do state = await tab.evaluate(nextState, state);
  while (state === undefined || state === 'running');
  const page = await tab.evaluate(
    () => ({
      status: document.getElementById('status')?.textContent,
      transport: document.getElementById('transport')?.textContent ?? '',
      checks: [...document.querySelectorAll('#checks li')].map((item) => item.textContent ?? ''),
    }),
    undefined,
  );
  expect(state, page.status ?? '').toBe('done');
  expect(page.checks.length).toBe(isolated ? 9 : 6);
  expect(page.checks.filter((check) => !check.startsWith('ok'))).toEqual([]);
  expect(page.transport).toContain(isolated ? 'Shared memory' : 'Messages only');
});
