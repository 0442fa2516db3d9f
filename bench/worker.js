/** A worker of a figure: does what the page says (team.js), by its roles. */

import { listen, parentPort } from './post.js';
import { echoes } from './roles/echo.js';
import { messageRoles } from './roles/messages.js';
import { parallelRoles } from './roles/parallel.js';
import { poolRoles } from './roles/pool.js';
import { recordRoles } from './roles/records.js';
import { attach } from './sdk.js';

/** @type {Record<string, (...args: any[]) => unknown>} */
const commands = {
  ...echoes,
  ...recordRoles,
  ...messageRoles,
  ...poolRoles,
  ...parallelRoles,
};

const port = parentPort();
const space = attach();
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
