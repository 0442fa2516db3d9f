/** A table on this space's transport. */

import { replica } from './replica.js';
import { sharedTable } from './shared.js';

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {import('../codec.js').Codec<any>} codec
 * @param {{kind: 'cell' | 'store', entries: number}} what
 * @param {{value: any}} [initial] of the key ''
 * @returns {import('./shared.js').Table}
 */
export function tableFor({ client, thread, watchers }, entry, codec, { kind, entries }, initial) {
  const table = client
    ? replica(client, entry, { kind, codec: codec.id, entries }, codec, initial)
    : sharedTable(thread, entry, codec, entries);
  if (!client && initial) table.put('', initial.value, 0);
  const { close } = entry;
  entry.close = () => {
    close?.();
    for (const watcher of [...watchers]) if (watcher.table === table) watcher.close();
  };
  return table;
}
