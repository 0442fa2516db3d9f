/** A cell's value on this space's transport. */

import { fixedCell, LARGEST } from './fixed.js';
import { replica } from './replica.js';
import { sharedTable } from './shared.js';
import { closeWatchers } from './table.js';

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {import('../codec.js').Codec<any>} codec
 * @param {any} initial
 * @returns {import('./shared.js').One}
 */
export function valueFor(internals, entry, codec, initial) {
  const { client, thread } = internals;
  const one = client
    ? replica(internals, entry, { kind: 'cell', codec: codec.id, entries: 1 }, codec, {
        value: initial,
      })
    : shared(thread, entry, codec);
  closeWatchers(internals, entry, one);
  if (!client) one.put('', initial, 0);
  return one;
}

/**
 * @param {import('../thread.js').Thread} thread
 * @param {import('../objects.js').Entry} entry
 * @param {import('../codec.js').Codec<any>} codec
 */
function shared(thread, entry, codec) {
  const { fixed = 0 } = codec;
  return Number.isInteger(fixed) && fixed > 0 && fixed <= LARGEST
    ? fixedCell(thread, entry, codec, fixed)
    : sharedTable(thread, entry, codec, 1);
}
