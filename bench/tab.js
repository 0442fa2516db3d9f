/** One figure in a page that a driver has opened. */

/** @typedef {import('./line.js').Line} Line */

/** A driver waits for a minute at most, some figures take longer. */
const PATIENCE = 40_000;

/**
 * In a page: the lines, or nothing after so many milliseconds.
 *
 * @param {number} ms
 * @returns {Promise<Line[] | undefined>}
 */
const shortly = (ms) =>
  Promise.race([
    /** @type {any} */ (globalThis).result,
    new Promise((resolve) => setTimeout(resolve, ms)),
  ]);

/**
 * @param {Pick<import('../tests/browser/launch.js').Tab, 'goto' | 'evaluate'>} tab
 * @param {{figure: string, name: string, cpuUrl: string, base: string}} what
 * @returns {Promise<Line[]>}
 */
export async function runInTab(tab, what) {
  await tab.goto(`/${what.base}bench/page.html`);
  await tab.evaluate(
    async ({ figure, name, quick, cpuUrl, base }) => {
      const address = `/${base}build/bench/run-page.js`;
      const { run } = /** @type {typeof import('./run-page.js')} */ (await import(address));
      /** @type {any} */ (globalThis).result = run(
        figure,
        /** @type {any} */ (name),
        quick,
        cpuUrl,
      );
    },
    { ...what, quick: process.env.QUICK === '1' },
  );
  for (;;) {
    const lines = await tab.evaluate(shortly, PATIENCE);
    if (lines) return lines;
  }
}
