// What the page of tests/packaging/consumers/page found, when it has.

/** @typedef {{transport: string, words: number, squares: boolean}} Use */
/** @typedef {{first: Use, second: Use, problems: string[]} | {error: string}} Found */

/**
 * @param {import('../browser/launch.js').Tab} tab
 * @param {string} address
 * @returns {Promise<Found>}
 */
export async function look(tab, address) {
  await tab.goto(address);
  await tab.evaluate(
    () =>
      new Promise((resolve) => {
        const { documentElement: root } = document;
        const ask = () => root.dataset.state && resolve(observer.disconnect());
        const observer = new MutationObserver(ask);
        observer.observe(root, { attributes: true });
        ask();
      }),
  );
  return JSON.parse(await tab.evaluate(() => `${document.body.textContent}`));
}
