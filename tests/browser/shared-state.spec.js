// The example of a shared state: its cases in each engine, and its page.
import { expect } from '@playwright/test';
import { SECURITY_HEADERS } from '../../examples/shared-state/headers.js';
import { cases } from '../shared-state/cases.js';
import { test } from './engines.js';
import { inkOf } from './ink.js';
import { leftOutTag, projects } from './projects.js';

const MODULE = '/dist/examples/shared-state/cases.js';
const SECONDS = 20_000;
/** Of each thing that the page does: measuring on a busy machine takes tens of seconds. */
const PATIENCE = 60_000;

/** @param {boolean} isolated @returns {import('../shared-state/env.js').Env} */
const envOf = (isolated) => ({
  transport: isolated ? 'shared' : 'message',
  node: false,
  options: {},
  jobs: '/tests/shared-state/jobs.js',
  terminations: 3, // a busy worker of Chromium goes on for 2 s
});

/** @param {import('../shared-state/env.js').Case} one */
const leftOut = ({ where }) =>
  projects.filter(({ isolated }) => !(where?.(envOf(isolated)) ?? true)).map(leftOutTag);

let shown = false;

for (const one of cases)
  test(one.name, { tag: leftOut(one) }, async ({ tab, isolated }) => {
    if (!shown) await tab.goto('/tests/conformance/page.html');
    shown = true;
    const failure = await tab.evaluate(
      async ({ module, name, env, limit }) => {
        const { runCase } = /** @type {typeof import('../shared-state/cases.js')} */ (
          await import(module)
        );
        env.jobs = new URL(env.jobs, location.href).href;
        const late = new Promise((_, reject) => {
          setTimeout(reject, limit, new Error(`the case did not end within ${limit} ms`));
        });
        try {
          await Promise.race([runCase(name, env), late]);
          return undefined;
        } catch (error) {
          const { code, message, stack } = /** @type {any} */ (error);
          return `${code ?? ''} ${message}\n${stack}`;
        }
      },
      { module: MODULE, name: one.name, env: envOf(isolated), limit: SECONDS },
    );
    if (failure) throw Object.assign(new Error(failure), { stack: '' });
  });

test('memory is shared where the page came with the two security headers', async ({
  tab,
  isolated,
}) => {
  const names = Object.keys(SECURITY_HEADERS);
  await tab.goto('/tests/conformance/page.html');
  shown = true;
  const headers = await tab.evaluate(async (names) => {
    const response = await fetch(location.href);
    return names.map((name) => response.headers.get(name));
  }, names);
  expect(headers).toEqual(isolated ? Object.values(SECURITY_HEADERS) : names.map(() => null));
});

const PAGE = '/examples/shared-state/index.html';

/** What the page shows, as numbers and text. */
const look = () => {
  const text = (/** @type {string} */ id) => document.getElementById(id)?.textContent ?? '';
  const rows = (/** @type {string} */ id) =>
    [...document.querySelectorAll(`#${id} tbody tr`)].map((row) =>
      [...row.children].map((cell) => cell.textContent ?? ''),
    );
  const number = (/** @type {string} */ shown) => Number(shown.replaceAll(',', ''));
  return {
    state: document.documentElement.dataset.state,
    transport: document.documentElement.dataset.transport,
    status: text('status'),
    why: text('why'),
    reads: number(text('reads')),
    torn: text('torn'),
    ended: text('ended'),
    counts: rows('workers').map(([, count]) => number(count)),
    rates: rows('workers').map(([, , rate]) => number(rate)),
    heard: rows('workers').map(([, , , heard]) => heard),
    processed: text('processed'),
    results: rows('results'),
    measured: text('measured'),
    transfers: rows('transfers').map((row) => row.map(number)),
  };
};

/** @typedef {ReturnType<typeof look>} Look */

/** Until each line of a plot is there. @param {import('./launch.js').Tab} tab @param {string} canvas @param {string[]} colours */
const plotted = (tab, canvas, colours) =>
  expect
    .poll(async () => Math.min(...(await tab.evaluate(inkOf, { canvas, colours }))), {
      timeout: PATIENCE,
    })
    .toBeGreaterThan(10);

/** @param {import('./launch.js').Tab} tab @param {(page: Look) => boolean} holds @param {string} what */
async function until(tab, holds, what) {
  for (const end = Date.now() + PATIENCE; ; ) {
    const page = await tab.evaluate(look);
    if (holds(page)) return page;
    if (page.state === 'failed' || Date.now() > end) {
      throw new Error(`${what}: ${JSON.stringify(page)}`);
    }
    await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

/** Presses the key that a person would, on the element that has the focus. @param {import('./launch.js').Tab} tab @param {string} selector */
const press = (tab, selector) =>
  tab.evaluate((selector) => {
    const element = /** @type {HTMLElement} */ (document.querySelector(selector));
    element.focus();
    if (document.activeElement !== element) throw new Error(`${selector} takes no focus`);
    element.click();
  }, selector);

test('the page shows three workers write, all that it does works, and its numbers are right', async ({
  tab,
  isolated,
}) => {
  test.setTimeout(3 * PATIENCE);
  const transport = isolated ? 'shared' : 'message';
  await tab.goto(PAGE);
  shown = false;
  const first = await until(
    tab,
    ({ counts }) => counts.length === 3 && counts.every((count) => count > 50),
    'the first counts',
  );
  await plotted(tab, '#rates canvas', ['series-1', 'series-2', 'series-3']);
  expect(first.transport).toBe(transport);
  expect(first.why === '').toBe(isolated);
  const later = await until(
    tab,
    ({ counts, rates }) =>
      counts.every((count, i) => count > first.counts[i]) && rates.every((rate) => rate > 0),
    'more counts',
  );
  expect(later.reads).toBeGreaterThan(first.reads);
  expect(later.heard).toEqual(['nothing yet', 'nothing yet', 'nothing yet']);

  await tab.evaluate(() => {
    const word = /** @type {HTMLInputElement} */ (document.getElementById('word'));
    word.value = 'Grüße';
    word.form?.requestSubmit();
  });
  await until(tab, ({ heard }) => heard.every((word) => word === 'Grüße'), 'the word');

  const before = await tab.evaluate(look);
  await press(tab, '#workers tbody tr:nth-child(2) button');
  const replaced = await until(
    tab,
    ({ status, counts }) => status.includes('was replaced') && counts[1] > before.counts[1] + 10,
    'the next worker',
  );
  expect(replaced.counts[1]).toBeGreaterThan(before.counts[1]);
  if (isolated) expect(replaced.ended).toBe('1');

  await press(tab, '#process');
  const { processed, results } = await until(
    tab,
    ({ processed }) => /items|:.*:/.test(processed),
    'the items',
  );
  expect(processed).toBe('24 items: 23 results, 1 errors.');
  expect(results.map(([, primes]) => primes).slice(0, 4)).toEqual([
    '2,262',
    '4,203',
    '6,057',
    '7,837',
  ]);
  expect(results[7]).toEqual(['seven', 'there are no primes to count below seven']);
  expect(results[19]).toEqual(['400000', '33,860']);

  await press(tab, '#measure');
  const { measured, transfers } = await until(
    tab,
    ({ measured }) => measured !== '' && measured !== 'Measuring…',
    'the figures',
  );
  expect(measured).toContain(isolated ? 'over shared memory' : 'over messages');
  expect(transfers.map(([bytes]) => bytes)).toEqual([1024, 16_384, 262_144, 1_048_576]);
  for (const [, traditional, shared, improvement] of transfers) {
    expect(traditional).toBeGreaterThan(0);
    expect(shared).toBeGreaterThan(0);
    expect(Math.abs(improvement / (traditional / shared) - 1)).toBeLessThan(0.2); // as rounded
  }
  await plotted(tab, '#speeds canvas', ['traditional', 'shared']);
  const { counts } = await tab.evaluate(look);
  const end = await until(tab, (page) => page.counts[0] > counts[0], 'counting goes on');
  expect(end.torn).toBe('0');

  if (isolated) {
    await press(tab, 'input[value=message]');
    const other = await until(
      tab,
      ({ transport, counts }) => transport === 'message' && counts.every((count) => count > 5),
      'the other transport',
    );
    expect(other.status).toContain('over messages');
    expect(other.torn).toBe('0');
    await press(tab, 'input[value=shared]');
    const back = await until(
      tab,
      ({ transport, counts }) => transport === 'shared' && counts.every((count) => count > 5),
      'the first transport again',
    );
    expect(back.status).toContain('over shared memory');
  }
});
