/** Values by key, for all threads. */

import { requireCodec } from '../codec.js';
import { gettersOf, withGetters } from '../getters.js';
import { inside } from '../internals.js';
import { objectFor } from '../objects.js';
import { requireNumber } from '../options.js';
import { requireShared } from '../sync.js';
import { value as valueCodec } from '../value.js';
import { requireWait, within } from '../wait.js';
import { tableFor } from './table.js';
import { values } from './watch.js';

const ENTRIES = 256;
const MOST_ENTRIES = 65535;

/**
 * @template V
 * @typedef {{
 *   get(key: string): V | undefined, version(key: string): number,
 *   keys(): Iterable<string>, readonly size: number,
 *   set(key: string, value: V, wait?: import('../wait.js').Wait): Promise<void>,
 *   delete(key: string, wait?: import('../wait.js').Wait): Promise<boolean>,
 *   replace(key: string, expected: V | undefined, value: V, wait?: import('../wait.js').Wait): Promise<boolean>,
 *   setSync(key: string, value: V): void, deleteSync(key: string): boolean,
 *   replaceSync(key: string, expected: V | undefined, value: V): boolean,
 *   watch(key: string, wait?: import('../wait.js').Wait): AsyncIterableIterator<V | undefined>,
 *   readonly ready: Promise<void>,
 * }} Store `version` grows with each change of the key; 0: it has no value. `replace` sets the value where the one that stands there has the same encoding as
 *   `expected`; undefined: where there is none. `watch` gives the value now, and again whenever it has
 *   changed: the newest, not each. `ready`: on messages, this thread knows what was there when it opened
 */

/**
 * The store `name`, opened or made. A key that is not there takes a look at all entries, so ask for
 * as many as will be used.
 *
 * @template [V=unknown]
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @param {{codec?: import('../codec.js').Codec<V>, entries?: number}} [options] `entries`: at most so
 *   many keys, 256 by default
 * @returns {Store<V>}
 */
export function store(space, name, options = {}) {
  const internals = inside(space);
  const { entries = ENTRIES } = options;
  const codec = /** @type {import('../codec.js').Codec<V>} */ (options.codec ?? valueCodec);
  requireCodec(codec);
  requireNumber('entries', entries, 1, MOST_ENTRIES);
  const shape = `a store of ${entries} entries with codec ${codec.id}`;
  return objectFor(internals, name, shape, (entry) => {
    const table = tableFor(internals, entry, codec, entries);
    return makeStore(table, internals, `store "${name}"`);
  });
}

/**
 * @template V
 * @param {import('./shared.js').Table} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} what
 * @returns {Store<V>}
 */
function makeStore(table, internals, what) {
  const { ready } = table;

  /** @param {string} key */
  function checked(key) {
    if (typeof key !== 'string') {
      throw new TypeError(`${what}: a key is a string, not ${typeof key}`);
    }
    return key;
  }

  /** @param {V | undefined} value */
  function present(value) {
    if (value === undefined) throw new TypeError(`${what}: undefined is no value: delete the key`);
    return value;
  }

  /** @param {() => any} change */
  function sync(change) {
    requireShared(table.transport, what);
    return change();
  }

  /** @template T @param {() => T | Promise<T>} change @param {import('../wait.js').Wait} [wait] */
  async function later(change, wait) {
    requireWait(wait);
    return within(Promise.resolve(change()), wait, what);
  }

  /** @param {string} key @param {V | undefined} expected @param {V} value @returns {any} */
  function replace(key, expected, value) {
    const version = table.same(checked(key), expected);
    return version === undefined ? undefined : table.put(key, present(value), version);
  }

  return withGetters(
    STORE,
    { size: table.size },
    {
      get: (key) => table.read(checked(key))?.value,
      version: (key) => table.version(checked(key)),
      keys: () => table.keys(),
      async set(key, value, wait) {
        await later(() => table.put(checked(key), present(value)), wait);
      },
      delete: async (key, wait) => (await later(() => table.delete(checked(key)), wait)).done,
      async replace(key, expected, value, wait) {
        await within(ready, wait, what);
        for (;;) {
          const put = await later(() => replace(key, expected, value), wait);
          if (!put) return false;
          // Another value had come between; it may be the expected one again.
          if (put.done) return true;
        }
      },
      setSync: (key, value) => sync(() => table.put(checked(key), present(value))),
      deleteSync: (key) => sync(() => table.delete(checked(key))).done,
      replaceSync: (key, expected, value) =>
        sync(() => {
          for (;;) {
            const put = replace(key, expected, value);
            if (!put || put.done) return put !== undefined;
          }
        }),
      watch: (key, wait) => values(table, internals, checked(key), wait, what),
      ready,
    },
  );
}

const STORE = /* @__PURE__ */ gettersOf('size');
