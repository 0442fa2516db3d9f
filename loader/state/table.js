/** A table on this space's transport. */

import { makeReplicas } from './replica.js';
import { sharedTable } from './shared.js';

/** @type {WeakMap<object, ReturnType<typeof makeReplicas>>} */
const replicas = new WeakMap();

/**
 * @param {import('../internals.js').Internals} internals
 * @param {string} name
 * @param {string} shape for people
 * @param {import('../codec.js').Codec<any>} codec
 * @param {{kind: 'cell' | 'store', entries: number}} what
 * @param {{value: any}} [initial] of the key ''
 * @returns {import('./shared.js').Table}
 */
export function tableFor({ client, thread }, name, shape, codec, { kind, entries }, initial) {
  if (client) {
    let replica = replicas.get(client);
    if (!replica) {
      replica = makeReplicas(client);
      replicas.set(client, replica);
    }
    return replica(name, { kind, codec: codec.id, entries }, codec, initial);
  }
  const table = sharedTable(thread, name, shape, codec, entries);
  if (initial) table.put('', initial.value, 0);
  return table;
}
