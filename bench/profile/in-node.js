/** A figure in a Node of its own, profiled. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** @param {string} figure @returns {Promise<import('./profiles.js').Profiled[]>} */
export async function profileInNode(figure) {
  const child = fork(fileURLToPath(new URL('node-child.js', import.meta.url)), [figure]);
  /** @type {import('./profiles.js').Profiled[] | undefined} */
  let profiles;
  child.on('message', (message) => {
    profiles = /** @type {import('./profiles.js').Profiled[]} */ (message);
  });
  const [code] = await once(child, 'exit');
  if (!profiles) throw new Error(`${figure} in Node ended with ${code}`);
  return profiles;
}
