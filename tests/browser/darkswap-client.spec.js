// DarkSwap's clients in each browser: the cases that Node runs too.
import { engineCasesOf } from '../darkswap/client-cases.js';
import { test } from './engines.js';

/** @typedef {import('../darkswap/client-cases.js').Env['kind']} Kind */

/** The page that they run in, one for all, until one fails and Playwright goes on with a new browser. */
let shown = false;

/** Runs in the page. @param {{ name: string, kind: Kind, transport: string }} what */
async function runInPage({ name, kind, transport }) {
  const address = '/dist/examples/darkswap/client-cases.js';
  const { runCase } = /** @type {typeof import('../darkswap/client-cases.js')} */ (
    await import(address)
  );
  const at = (/** @type {string} */ path) => new URL(path, location.origin).href;
  try {
    await runCase(name, {
      kind,
      transport,
      engine: at('/build/darkswap/engine.wasm'),
      wrong: {
        missing: at('/build/darkswap/none.wasm'),
        text: at('/package.json'),
        other: at('/dist/core.wasm'),
      },
    });
    return '';
  } catch (error) {
    return `${error}\n${/** @type {Error} */ (error).stack}`;
  }
}

// CLIENT_CASES=all runs all of both clients; the verification does.
const all = process.env.CLIENT_CASES === 'all';

/** @type {Kind[]} */
const kinds = all
  ? ['DarkSwapClient', 'SharedMemoryDarkSwapClient']
  : ['SharedMemoryDarkSwapClient'];

for (const kind of kinds)
  for (const name of engineCasesOf(kind, all))
    test(`${kind}: ${name}`, async ({ tab, isolated }) => {
      if (!shown) await tab.goto('/tests/conformance/page.html');
      shown = true;
      const threads = isolated ? 'shared' : 'message';
      const transport = kind === 'DarkSwapClient' ? 'none' : threads;
      const error = await tab.evaluate(runInPage, { name, kind, transport });
      if (error) throw Object.assign(new Error(error), { stack: '' });
    });
