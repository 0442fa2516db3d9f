/**
 * Cells and stores on the message transport, at the creator: tables of versioned bytes, changed in
 * the order in which changes arrive. A service of the hub.
 *
 * @typedef {{kind: 'cell' | 'store', codec: string, entries?: number}} TableShape `entries`: at most
 *   so many keys
 * @typedef {[key: string, version: number, bytes: Uint8Array | undefined]} Entry without bytes:
 *   deleted
 *
 * @typedef {{op: 'open', object: number, name: string, shape: TableShape, initial?: Uint8Array}} Open
 *   answered by {entries: Entry[], floor: number}; from then on each change is posted as a Change. `object`: what the
 *   client calls this table from now on; its name may stand for another one day. `initial`: what the
 *   key '' is where nobody has opened the table before
 * @typedef {{op: 'put', object: number, key: string, bytes?: Uint8Array, expected?: number}} Put answered
 *   by {done, version, bytes}: what stands there now. Without bytes it deletes; `expected`: only where
 *   that is the version, 0 where there is no value
 * @typedef {{op: 'drop', object: number}} Drop the client has let go of the table
 * @typedef {{object: number, entry?: Entry, removed?: true}} Change `removed`: the name was taken away
 */

import { SluiceError, statusError } from '../errors.js';
import { requireShape } from '../objects.js';
import * as Status from '../status.js';

/**
 * @param {number} room bytes that all tables may hold together: as many as memory would
 * @returns {import('./hub.js').Service}
 */
export function makeValues(room) {
  /** @typedef {{version: number, bytes: Uint8Array}} Value */
  /** @typedef {(change: Omit<Change, 'object'>) => void} Watcher */
  /**
   * @typedef {{name: string, shape: TableShape, values: Map<string, Value>, floor: number, watchers: Set<Watcher>}} Table
   *   `floor`: the highest version of a key that was deleted; those of new ones are above it, and nothing is kept of
   *   the old ones
   */
  /** @type {Map<string, Table>} */
  const tables = new Map();
  let used = 0;

  /** @param {string} name @param {Uint8Array | undefined} bytes @param {Uint8Array} [old] that they stand for */
  function take(name, bytes, old) {
    const more = (bytes?.length ?? 0) - (old?.length ?? 0);
    if (more > 0 && used + more > room) throw statusError(Status.NO_MEMORY, `"${name}"`);
    used += more;
  }

  /** @param {Open} message @param {Watcher} watcher */
  function open({ name, shape, initial }, watcher) {
    let table = tables.get(name);
    if (!table) {
      take(name, initial);
      table = { name, shape, values: new Map(), floor: 0, watchers: new Set() };
      tables.set(name, table);
      if (initial) table.values.set('', { version: 1, bytes: initial });
    }
    requireShape(name, describe(shape), describe(table.shape));
    table.watchers.add(watcher);
    return table;
  }

  /** @param {Table} table @param {Entry} entry */
  function become(table, entry) {
    const [key, version, bytes] = entry;
    if (bytes) table.values.set(key, { version, bytes });
    else {
      table.values.delete(key);
      table.floor = Math.max(table.floor, version);
    }
    for (const watcher of table.watchers) watcher({ entry });
  }

  /** @param {Put} message @param {Table} table */
  function put({ key, bytes, expected }, table) {
    const { name, values, shape, floor } = table;
    const there = values.get(key);
    const stands = there?.version ?? 0;
    if ((expected !== undefined && expected !== stands) || (!bytes && !there)) {
      return { done: false, version: stands, bytes: there?.bytes };
    }
    const version = (there?.version ?? floor) + 1;
    try {
      if (!there && values.size >= (shape.entries ?? Infinity)) throw full(name, values.size);
      take(name, bytes, there?.bytes);
    } catch (error) {
      // Its thread shows it with that version until it hears of this: no other value may have it.
      if (expected === undefined) become(table, [key, version + 1, there?.bytes]);
      throw error;
    }
    become(table, [key, version, bytes]);
    return { done: true, version, bytes };
  }

  return {
    open(from) {
      /** @type {Map<number, {table: Table, watcher: Watcher}>} */
      const opened = new Map();

      /** @param {number} object */
      function drop(object) {
        const one = opened.get(object);
        one?.table.watchers.delete(one.watcher);
        opened.delete(object);
      }

      return {
        receive(message) {
          const { op, object } = message;
          if (op === 'drop') return drop(object);
          if (op === 'open') {
            /** @type {Watcher} */
            const watcher = (change) => from.post({ ...change, object });
            const table = open(message, watcher);
            opened.set(object, { table, watcher });
            const entries = [...table.values].map(([key, { version, bytes }]) => [
              key,
              version,
              bytes,
            ]);
            return { entries, floor: table.floor };
          }
          const one = opened.get(object);
          if (!one) throw new SluiceError('closed', 'it was removed: open it again');
          return put(message, one.table);
        },
        end() {
          for (const object of [...opened.keys()]) drop(object);
        },
      };
    },

    remove(name) {
      const table = tables.get(name);
      for (const watcher of table?.watchers ?? []) watcher({ removed: true });
      for (const { bytes } of table?.values.values() ?? []) take(name, undefined, bytes);
      return tables.delete(name);
    },
  };
}

/** @param {string} name @param {number} size */
const full = (name, size) =>
  new SluiceError(
    'full',
    `store "${name}" has ${size} entries, and may have no more: give it more`,
  );

/** @param {TableShape} shape */
const describe = ({ kind, codec, entries }) =>
  `${kind} with codec ${codec}${entries ? ` and ${entries} entries` : ''}`;
