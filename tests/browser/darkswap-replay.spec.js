// A session's event log is the reference matcher's in each browser too. DARKSWAP_MESSAGES and
// DARKSWAP_TERMINATE ("0 10") for a longer one, with so many verifying workers ended on the way.
import { expect } from '@playwright/test';
import { test } from './engines.js';

const MESSAGES = Number(process.env.DARKSWAP_MESSAGES ?? 5000);
const TERMINATE = (process.env.DARKSWAP_TERMINATE ?? '10').split(' ').map(Number);
/** A script may not run for longer than this in WebKit's driver. */
const LOOK_MS = 20_000;

/** @typedef {typeof import('../darkswap/replay-page.js').run} Run */

/** Starts it in the page. @param {Parameters<Run>[0]} what */
async function start(what) {
  const address = '/dist/examples/darkswap/replay-page.js';
  const { run } = /** @type {{run: Run}} */ (await import(address));
  /** @type {any} */ (globalThis).replayed = run(what);
}

/** What came of it, or undefined when it is not over yet. @param {number} ms */
const look = (ms) =>
  Promise.race([
    /** @type {any} */ (globalThis).replayed,
    new Promise((resolve) => setTimeout(resolve, ms)),
  ]);

/** @param {import('./launch.js').Tab} tab @param {Parameters<Run>[0]} what */
async function replayed(tab, what) {
  await tab.goto('/tests/conformance/page.html');
  await tab.evaluate(start, what);
  for (;;) {
    const result = /** @type {Awaited<ReturnType<Run>> | undefined} */ (
      await tab.evaluate(look, LOOK_MS)
    );
    if (result) return result;
  }
}

test('one thread gives the log of the reference matcher', async ({ tab }) => {
  test.setTimeout(600_000);
  const { digest, expected } = await replayed(tab, { messages: MESSAGES, transport: 'alone' });
  expect(digest).toBe(expected);
});

for (const terminate of TERMINATE)
  test(`the exchange gives it, with ${terminate} verifying workers terminated`, async ({
    tab,
    isolated,
  }) => {
    test.setTimeout(900_000);
    const transport = isolated ? 'shared' : 'message';
    const result = await replayed(tab, { messages: MESSAGES, transport, terminate });
    expect(result.digest).toBe(result.expected);
    expect(result.log).toBe(result.expected);
    expect(result.crashed).toBe(terminate);
  });
