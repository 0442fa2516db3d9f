/**
 * Cells and stores on the message transport, at the creator: tables of versioned bytes, changed in
 * the order in which changes arrive. A service of the hub.
 *
 * @typedef {{kind: 'cell' | 'store', codec: string, entries?: number}} TableShape `entries`: at most
 *   so many keys
 * @typedef {[key: string, version: number, bytes: Uint8Array | undefined]} Entry without bytes:
 *   deleted
 *
 * @typedef {{op: 'open', name: string, shape: TableShape, initial?: Uint8Array}} Open answered by
 *   {entries: Entry[]}; from then on each change is posted as a Change. `initial`: what the key ''
 *   is where nobody has opened the table before
 * @typedef {{op: 'put', name: string, key: string, bytes?: Uint8Array, expected?: number}} Put answered
 *   by {done, version, bytes}: what stands there now. Without bytes it deletes; `expected`: only where
 *   that is the version, 0 where there is no value
 * @typedef {{op: 'remove', name: string}} Remove answered by whether there was such a table
 * @typedef {{name: string, entry: Entry}} Change
 */

import { SluiceError } from '../errors.js';

/** @returns {import('./hub.js').Service} */
export function makeValues() {
  /** @typedef {{version: number, bytes: Uint8Array | undefined}} Value */
  /** @typedef {{shape: TableShape, values: Map<string, Value>, size: number, watchers: Set<import('./hub.js').From>}} Table */
  /** @type {Map<string, Table>} */
  const tables = new Map();

  /** @param {Open} message @param {import('./hub.js').From} from */
  function open({ name, shape, initial }, from) {
    let table = tables.get(name);
    if (!table) {
      table = { shape, values: new Map(), size: 0, watchers: new Set() };
      tables.set(name, table);
      if (initial) table.values.set('', { version: 1, bytes: initial });
    }
    requireSame(name, shape, table.shape);
    table.watchers.add(from);
    return {
      entries: [...table.values].map(([key, { version, bytes }]) => [key, version, bytes]),
    };
  }

  /** @param {Put} message */
  function put({ name, key, bytes, expected }) {
    const table = tables.get(name);
    if (!table) throw new SluiceError('closed', `"${name}" was removed: open it again`);
    const { values, watchers, shape } = table;
    const { version, bytes: there } = values.get(key) ?? { version: 0, bytes: undefined };
    const stands = there ? version : 0;
    if (expected !== undefined && expected !== stands) {
      return { done: false, version: stands, bytes: there };
    }
    if (!bytes && !there) return { done: false, version: 0 };
    if (bytes && !there && table.size >= (shape.entries ?? Infinity)) throw full(name, table.size);
    const entry = /** @type {Entry} */ ([key, version + 1, bytes]);
    values.set(key, { version: version + 1, bytes });
    table.size += (bytes ? 1 : 0) - (there ? 1 : 0);
    for (const watcher of watchers) watcher.post({ name, entry });
    return { done: true, version: version + 1, bytes };
  }

  return (from) => ({
    receive(message) {
      if (message.op === 'open') return open(message, from);
      return message.op === 'put' ? put(message) : tables.delete(message.name);
    },
    end() {
      for (const { watchers } of tables.values()) watchers.delete(from);
    },
  });
}

/** @param {string} name @param {number} size */
const full = (name, size) =>
  new SluiceError(
    'full',
    `store "${name}" has ${size} entries, and may have no more: give it more`,
  );

/** @param {string} name @param {TableShape} wanted @param {TableShape} there */
function requireSame(name, wanted, there) {
  const text = (/** @type {TableShape} */ shape) =>
    `${shape.kind} with codec ${shape.codec}${shape.entries ? ` and ${shape.entries} entries` : ''}`;
  if (text(wanted) !== text(there)) {
    throw new SluiceError(
      'mismatch',
      `"${name}" exists as ${text(there)}, but was opened as ${text(wanted)}: use the same options in every thread`,
    );
  }
}
