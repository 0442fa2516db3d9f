/** A worker's side of team.js: runs what the page says. */

import { listen, parentPort } from './post.js';

/**
 * @param {Record<string, (...args: any[]) => unknown>} commands
 * @param {Promise<import('sluice').Space> | undefined} space each command's first argument
 */
export function obey(commands, space) {
  const port = parentPort();
  listen(port, async (data) => {
    const { id, command, args } = data ?? {};
    if (command === undefined) return;
    try {
      port.postMessage({ id, value: await commands[command](await space, ...args) });
    } catch (error) {
      const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
      port.postMessage({ id, error: `${command}: ${text}` });
    }
  });
}
