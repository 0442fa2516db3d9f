/** Every other thread's part of the message transport. */

import { makeEnds } from './ends.js';
import { makeLink } from './link.js';

/** @param {import('./own-port.js').Port} port to the creator */
export const followByMessages =
  (port) => (/** @type {import('../internals.js').Internals} */ internals) => {
    const { thread, watchers } = internals;
    const link = makeLink(port, () => {
      thread.exports.sluice_space_close(thread.self);
      pumps.end();
      for (const watcher of [...watchers]) watcher.close();
    });
    const { client } = link;
    const pumps = makeEnds(client);
    Object.assign(internals, { link, client, pumps });
  };
