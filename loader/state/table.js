/** A table on this space's transport. */

import { replica } from './replica.js';
import { sharedTable } from './shared.js';

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {import('../codec.js').Codec<any>} codec
 * @param {number} entries
 * @returns {import('./shared.js').Table}
 */
export function tableFor(internals, entry, codec, entries) {
  const { client, thread } = internals;
  const table = client
    ? replica(internals, entry, { kind: 'store', codec: codec.id, entries }, codec)
    : sharedTable(thread, entry, codec, entries);
  closeWatchers(internals, entry, table);
  return table;
}

/**
 * Who waits for a change ends when this thread lets go of the table. When it leaves the space the table is
 * closed: what it had of the memory is soon another's.
 *
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {import('./shared.js').One} table
 */
export function closeWatchers({ ends, watchers }, entry, table) {
  const { close } = entry;
  const end = { close: () => close?.() };
  ends.add(end);
  entry.close = () => {
    ends.delete(end);
    close?.();
    for (const watcher of [...watchers]) if (watcher.table === table) watcher.close();
  };
}
