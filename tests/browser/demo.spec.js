// The page that `make serve` shows does its job, isolated and not.
import { expect } from '@playwright/test';
import { test } from './engines.js';

const SECONDS = 60;
const PLACES = 4000; // `make demo` carries all of them

/** Resolves when the page's state has changed from `seen`, or after a while: a script may not run for
 * as long as the page does. @param {string} seen @returns {Promise<string>} */
const nextState = (seen) =>
  new Promise((resolve) => {
    const root = document.documentElement;
    const state = () => root.dataset.state ?? 'idle';
    const look = () => {
      if (state() !== seen) done();
    };
    const observer = new MutationObserver(look);
    const timer = setTimeout(() => done(), 5000);
    function done() {
      observer.disconnect();
      clearTimeout(timer);
      resolve(state());
    }
    observer.observe(root, { attributes: true });
    look();
  });

test('the demo page carries places and its checks hold', async ({ tab, isolated }) => {
  test.setTimeout(SECONDS * 1000);
  await tab.goto(`/examples/cities/index.html?run=1&places=${PLACES}`);
  let state = 'idle';
  while (state === 'idle' || state === 'running') state = await tab.evaluate(nextState, state);
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
