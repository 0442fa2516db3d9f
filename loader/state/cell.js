/** One value, for all threads. */

import { requireCodec } from '../codec.js';
import { SluiceError } from '../errors.js';
import { gettersOf, withGetters } from '../getters.js';
import { inside } from '../internals.js';
import { objectFor } from '../objects.js';
import { requireShared } from '../sync.js';
import { requireWait, within } from '../wait.js';
import { valueFor } from './value.js';
import { changed, values } from './watch.js';

/**
 * @template T
 * @typedef {{
 *   readonly version: number, get(): T,
 *   set(value: T): Promise<void>, setSync(value: T): void,
 *   update(f: (old: T) => T, wait?: import('../wait.js').Wait): Promise<T>, updateSync(f: (old: T) => T): T,
 *   changed(since: number, wait?: import('../wait.js').Wait): Promise<number>,
 *   watch(wait?: import('../wait.js').Wait): AsyncIterableIterator<T>,
 *   readonly ready: Promise<void>,
 * }} Cell `version` grows with each change; `changed` gives it once it is another than `since`. `update`
 *   may call `f` again, where another thread was faster. `ready`: on messages, this thread knows the
 *   value that was there when it opened
 */

/**
 * The cell `name`, opened or made with the value `initial`.
 *
 * @template T
 * @param {import('../space.js').Space} space
 * @param {string} name
 * @param {import('../codec.js').Codec<T>} codec
 * @param {T} initial
 * @returns {Cell<T>}
 */
export function cell(space, name, codec, initial) {
  const internals = inside(space);
  requireCodec(codec);
  const shape = `a cell with codec ${codec.id}`;
  return objectFor(internals, name, shape, (entry) => {
    return makeCell(valueFor(internals, entry, codec, initial), internals, `cell "${name}"`);
  });
}

/**
 * @template T
 * @param {import('./shared.js').One} table
 * @param {import('../internals.js').Internals} internals
 * @param {string} what
 * @returns {Cell<T>}
 */
function makeCell(table, internals, what) {
  const { ready } = table;

  function read() {
    const entry = table.read('');
    if (entry) return entry;
    throw new SluiceError('closed', `${what} was removed`);
  }

  /** One attempt. @param {(old: T) => T} f @param {boolean} [sync] */
  function attempt(f, sync) {
    const { version, value } = read();
    const changed = f(value);
    return { changed, put: table.put('', changed, version, sync) };
  }

  return withGetters(
    CELL,
    { version: () => table.version('') },
    {
      get: () => read().value,
      async set(value) {
        await table.put('', value);
      },
      setSync(value) {
        requireShared(table.transport, what);
        table.put('', value, undefined, true);
      },
      async update(f, wait) {
        requireWait(wait);
        const work = async () => {
          await ready;
          for (;;) {
            const { changed, put } = attempt(f);
            if ((await put).done) return changed;
          }
        };
        return within(work(), wait, what);
      },
      updateSync(f) {
        requireShared(table.transport, what);
        for (;;) {
          const { changed, put } = attempt(f, true);
          if (/** @type {import('./shared.js').Put} */ (put).done) return changed;
        }
      },
      changed: (since, wait) => changed(table, internals, '', since, wait, what),
      watch: (wait) => values(table, internals, '', wait, what),
      ready,
    },
  );
}

const CELL = /* @__PURE__ */ gettersOf('version');
