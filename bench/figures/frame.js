/** A measurement as on a page that has just come: nothing is compiled, imported or spawned yet. */

/**
 * @param {import('../team.js').Env} env
 * @param {string} measure of bench/frame.js
 * @param {...string} words
 * @returns {Promise<{ms: number, close(): void}>}
 */
export async function openFrame(env, measure, ...words) {
  const frame = document.createElement('iframe');
  frame.src = `${env.url('bench/frame.html')}#${encodeURIComponent(JSON.stringify([measure, ...words]))}`;
  /** @type {Promise<number>} */
  const answer = new Promise((resolve, reject) => {
    addEventListener(
      'message',
      ({ data }) => ('ms' in data ? resolve(data.ms) : reject(new Error(data.error))),
      { once: true },
    );
  });
  document.body.append(frame);
  return { ms: await answer, close: () => frame.remove() };
}
