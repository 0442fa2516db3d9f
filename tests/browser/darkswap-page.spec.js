// The order book's page: what it shows is what the book says, it can be read in both colour schemes, and
// worked by keyboard.
import { expect } from '@playwright/test';
import { test } from './engines.js';
import { inkOf } from './ink.js';
import { leftOutTag, projects } from './projects.js';

/** Of seed 7: six that are spoilt, and some that cross. */
const ORDERS = 96;
const PAGE = `/examples/darkswap/page/index.html?run=${ORDERS}&seed=7`;
const PARTS = ['#ladder', '#depth', '#trades', '[aria-labelledby="health-title"]'];

/** Resolves when the page's state is none of these, or after a while: a script may not run for long.
 * @param {string[]} passing @returns {Promise<string>} */
const nextState = (passing) =>
  new Promise((resolve) => {
    const root = document.documentElement;
    const state = () => root.dataset.state ?? 'loading';
    const observer = new MutationObserver(() => passing.includes(state()) || done());
    const timer = setTimeout(() => done(), 5000);
    function done() {
      observer.disconnect();
      clearTimeout(timer);
      resolve(state());
    }
    observer.observe(root, { attributes: true });
    if (!passing.includes(state())) done();
  });

/** What the page says once it has come to an end. @param {import('./launch.js').Tab} tab @param {string} page */
async function endOf(tab, page) {
  await tab.goto(page);
  const passing = ['loading', 'ready', 'running'];
  let state = passing[0];
  while (passing.includes(state)) state = await tab.evaluate(nextState, passing);
  const status = await tab.evaluate(() => document.getElementById('status')?.textContent ?? '');
  return { state, status };
}

/** What the page says, as numbers. */
function shown() {
  const text = (/** @type {string} */ id) => document.getElementById(id)?.textContent ?? '';
  /** @param {string} id */
  const levels = (id) =>
    [...document.querySelectorAll(`#${id} tr`)].map((line) =>
      [...line.querySelectorAll('td')].slice(0, 3).map((cell) => Number(cell.textContent)),
    );
  return {
    transport: text('transport'),
    path: ['received', 'verified', 'refused', 'matched', 'rejected'].map((id) => Number(text(id))),
    times: [text('verify-ms'), text('match-ms')],
    histograms: ['verify', 'match'].map((name) =>
      [...document.querySelectorAll(`#${name}-histogram span`)].map(
        (bar) => bar.getBoundingClientRect().height,
      ),
    ),
    queue: text('queue'),
    room: /** @type {HTMLMeterElement} */ (document.getElementById('fill')).max,
    left: ['batches', 'dropped'].map((id) => Number(text(id))),
    verifiers: text('verifiers'),
    matcher: text('matcher'),
    lost: Number(text('lost')),
    spread: text('spread'),
    asks: levels('asks'),
    bids: levels('bids'),
    trades: [...document.querySelectorAll('#trades tbody tr')].map((line) =>
      [...line.querySelectorAll('td')].map((cell) => cell.textContent),
    ),
    unnamed: [...document.querySelectorAll('button, input, select, meter')].filter((control) => {
      const { labels } = /** @type {HTMLInputElement} */ (control);
      const text = control.localName === 'button' && control.textContent?.trim();
      return !labels?.length && !control.getAttribute('aria-label') && !text;
    }).length,
  };
}

/** @param {{ scheme: string, tab: import('./launch.js').Tab }} what */
async function looksIn({ scheme, tab }) {
  await tab.evaluate(async (scheme) => {
    const select = /** @type {HTMLSelectElement} */ (document.getElementById('scheme'));
    select.value = scheme;
    select.dispatchEvent(new Event('change'));
    scrollTo(0, 0);
    // Two frames: the second begins when the first was painted.
    for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }, scheme);
  /** @type {Record<string, import('../darkswap/pixels.js').Look>} */
  const found = {};
  let left = PARTS;
  while (left.length > 0) {
    // A picture takes a while in some engines: one for as many as it has whole.
    const selectors = await tab.evaluate((left) => {
      document.querySelector(left[0])?.scrollIntoView({ block: 'nearest' });
      return left.filter((part, i) => {
        const box = document.querySelector(part)?.getBoundingClientRect();
        return i === 0 || (box && box.top >= 0 && box.bottom <= innerHeight);
      });
    }, left);
    const png = await tab.screenshot();
    const these = await tab.evaluate(
      async (what) => {
        const address = '/tests/darkswap/pixels.js';
        const { looks } = /** @type {typeof import('../darkswap/pixels.js')} */ (
          await import(address)
        );
        return looks(what);
      },
      { png, selectors },
    );
    Object.assign(found, these);
    left = left.filter((part) => !selectors.includes(part));
  }
  const faint = await tab.evaluate(async () => {
    const address = '/tests/darkswap/pixels.js';
    const { faintTexts } = /** @type {typeof import('../darkswap/pixels.js')} */ (
      await import(address)
    );
    return faintTexts();
  });
  return { found, faint };
}

/** Both sides of the market are in the plot. @param {import('./launch.js').Tab} tab */
async function showsDepth(tab) {
  const plot = { canvas: '#depth canvas', colours: ['bid', 'ask'] };
  for (const pixels of await tab.evaluate(inkOf, plot)) expect(pixels).toBeGreaterThan(20);
}

/** What an element says after a while. @param {import('./launch.js').Tab} tab @param {string} id @param {RegExp} text */
const comes = (tab, id, text) =>
  expect
    .poll(() => tab.evaluate((id) => document.getElementById(id)?.textContent ?? '', id), {
      timeout: 30_000,
    })
    .toMatch(text);

// Each engine once, and messages in one: what they carry has tests of its own.
const tag = projects
  .filter(({ isolated, engineName }) => !isolated && engineName !== 'chromium')
  .map(leftOutTag);

test('the order book’s page shows the book, in both colour schemes, and takes orders by keyboard', {
  tag,
}, async ({ tab, isolated }) => {
  test.setTimeout(120_000);
  const { state, status } = await endOf(tab, PAGE);
  expect(state, status).toBe('done');

  const page = await tab.evaluate(shown);
  expect(page.transport).toContain(isolated ? 'Shared memory' : 'Messages');
  const [received, verified, refused, matched, rejected] = page.path;
  expect([received, verified, matched]).toEqual([ORDERS, ORDERS, ORDERS]);
  expect(refused).toBeGreaterThan(0);
  expect(rejected).toBeGreaterThanOrEqual(refused);
  expect(rejected).toBeLessThan(0.3 * ORDERS);
  for (const times of page.times) expect(times).toMatch(/^[\d.e+]+ ms, [\d.e+]+ ms$/);
  for (const bars of page.histograms) expect(Math.max(...bars)).toBeGreaterThan(10);
  expect([page.queue, ...page.left, page.lost]).toEqual(['0 %', 0, 0, 0]);
  expect(page.verifiers).toMatch(/^[1-9]\d* alive, 0 busy, [1-9]\d* batches, 0 crashed$/);
  expect(page.matcher).toBe('alive');
  expect(page.room).toBeGreaterThan(1);
  expect(page.trades.length).toBeGreaterThan(0);
  for (const [price, amount, taker] of page.trades) {
    expect(Number(price)).toBeGreaterThan(0);
    expect(Number(amount)).toBeGreaterThan(0);
    expect(taker).toMatch(/^(buys|sells)$/);
  }
  expect(page.unnamed).toBe(0);
  // A book that is crossed, or out of order, would be none.
  const prices = [...page.asks, ...page.bids].map(([price]) => price);
  expect(prices.length).toBeGreaterThan(4);
  expect(prices).toEqual([...prices].sort((a, b) => b - a));
  expect(page.spread).toBe(`spread ${page.asks[page.asks.length - 1][0] - page.bids[0][0]}`);
  for (const side of [[...page.asks].reverse(), page.bids]) {
    let total = 0;
    for (const [, amount, all] of side) {
      total += amount;
      expect(all).toBe(total);
    }
  }

  await showsDepth(tab);
  for (const scheme of ['light', 'dark']) {
    const { found, faint } = await looksIn({ scheme, tab });
    await showsDepth(tab);
    expect(faint, scheme).toEqual([]);
    expect(Object.keys(found).sort()).toEqual([...PARTS].sort());
    for (const [part, { back, ink, contrast }] of Object.entries(found)) {
      const where = `${part} in ${scheme}: ${JSON.stringify(found[part])}`;
      if (scheme === 'light') expect(back, where).toBeGreaterThan(0.8);
      else expect(back, where).toBeLessThan(0.05);
      expect(ink, where).toBeGreaterThan(0.005);
      expect(ink, where).toBeLessThan(0.5);
      expect(contrast, where).toBeGreaterThan(4.5);
    }
  }

  // By keyboard alone, from the button at the top to the order's own button: start and stop the peer, type,
  // place, cancel.
  await tab.evaluate(() => document.getElementById('run')?.focus());
  await tab.press('Enter');
  await comes(tab, 'status', /^The peer gossips/);
  await comes(tab, 'rate', /^[1-9]/);
  await tab.press('Enter');
  await comes(tab, 'run', /^Start/);
  expect(await tab.evaluate(() => document.documentElement.dataset.state)).toBe('done');
  const order = { price: '1', amount: '3' };
  await tab.evaluate((order) => {
    for (const [name, value] of Object.entries(order)) {
      const [field] = /** @type {NodeListOf<HTMLInputElement>} */ (
        document.getElementsByName(name)
      );
      field.value = value;
    }
  }, order);
  const focused = () =>
    tab.evaluate(() => {
      const { activeElement: element } = document;
      const { outlineStyle, outlineWidth } = getComputedStyle(/** @type {Element} */ (element));
      const name = element?.getAttribute('name') || element?.id || element?.textContent?.trim();
      return { name, ring: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 };
    });
  for (const name of ['scheme', 'side', 'amount', 'price', 'Place']) {
    await tab.press('Tab');
    expect(await focused()).toEqual({ name, ring: true });
  }
  await tab.press('Enter');
  await comes(tab, 'answer', /Placed: 3 of 3 are open\./);
  await tab.press('Tab');
  expect((await focused()).name).toBe('Cancel');
  await tab.press('Enter');
  await comes(tab, 'answer', /Cancelled\./);
  expect((await focused()).name).toBe('Place');
});

test('a page whose peer cannot start says so, and goes on without one', { tag }, async ({
  tab,
}) => {
  const { state, status } = await endOf(tab, `/without/peer.worker.js${PAGE}`);
  expect(state).toBe('failed');
  expect(status).toMatch(/^Failed: the worker's script did not load: it is missing/);
  const { button, ...left } = await tab.evaluate(() => {
    const text = (/** @type {string} */ id) => document.getElementById(id)?.textContent ?? '';
    /** @type {HTMLFormElement} */ (document.getElementById('order')).requestSubmit();
    return { button: text('run'), matcher: text('matcher'), dropped: text('dropped') };
  });
  expect(button).toBe('Start the peer');
  expect(left).toEqual({ matcher: 'alive', dropped: '0' });
  await comes(tab, 'answer', /Placed: 10 of 10 are open\./);

  // Asked again it tries again, and says so again.
  await tab.evaluate(() => document.getElementById('run')?.click());
  const again = await tab.evaluate(nextState, ['running']);
  expect(again).toBe('failed');
});

for (const [file, code, said] of /** @type {const} */ ([
  ['engine.wasm', 'NOT_INITIALIZED', /^Failed: the engine at .*\/engine\.wasm did not load: .*404/],
  [
    'matcher.worker.js',
    'NOT_INITIALIZED',
    /^Failed: .*the worker's script did not load: it is missing/,
  ],
  [
    'verifier.worker.js',
    'ORDER_CREATION_FAILED',
    /^Failed: .*the worker's script did not load: it is missing/,
  ],
]))
  test(`a page that has no ${file} says so`, { tag }, async ({ tab }) => {
    const { state } = await endOf(tab, `/without/${file}${PAGE}`);
    expect(state).toBe('failed');
    // What else fails for want of it may have been first to say so.
    await comes(tab, 'status', said);
    if (file === 'verifier.worker.js') await comes(tab, 'matcher', /^dead$/);
    // What cannot be had any more says so too, and goes nowhere else.
    await tab.evaluate(() =>
      /** @type {HTMLFormElement} */ (document.getElementById('order')).requestSubmit(),
    );
    await comes(tab, 'answer', new RegExp(code));
  });
