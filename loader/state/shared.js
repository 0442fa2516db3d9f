/**
 * A table of versioned values over shared memory: the core's store.
 *
 * @typedef {{
 *   has(key: string): boolean, read(key: string): {version: number, value: any} | undefined,
 *   version(key: string): number, keys(): Iterable<string>, size(): number,
 *   put(key: string, value: any, expected?: number, sync?: boolean): Put | Promise<Put>,
 *   delete(key: string, expected?: number): Put | Promise<Put>,
 *   same(key: string, value: any): number | undefined,
 *   changed(key: string, since: number): Promise<void>,
 *   readonly ready: Promise<void>, readonly transport: 'shared' | 'message',
 * }} Table `put` and `delete` change a key, only if its version is `expected` where that is given: 0
 *   for no value. `same`: the key's version where it has this value (undefined: none), else undefined.
 *   `changed`: until the version is another, perhaps early; `sync`: the answer has to be there at once
 * @typedef {Pick<Table, 'transport' | 'ready' | 'version' | 'read' | 'put' | 'changed'>} One a table's
 *   only value, of the key ''
 * @typedef {{done: boolean, version: number}} Put `version`: the one that stands there now
 */

import { sleepOn } from '../bell.js';
import { statusError } from '../errors.js';
import * as layout from '../layout.js';
import { withName } from '../names.js';
import { gone, hash, openNamed } from '../objects.js';
import * as Status from '../status.js';
import { readUtf8 } from '../utf8.js';

const ANY = 0xffff_ffff_ffff_ffffn;
/** How often to try again when others were in the way a thousand times. */
const ATTEMPTS = 8;

/**
 * @param {import('../thread.js').Thread} thread
 * @param {import('../objects.js').Entry} named
 * @param {import('../codec.js').Codec<any>} codec
 * @param {number} entries
 * @returns {Table}
 */
export function sharedTable(thread, named, codec, entries) {
  const { self, base } = thread;
  let { exports } = thread;
  const what = `"${named.name}"`;
  const size = exports.sluice_store_bytes(entries);
  const at = openNamed(thread, named, size, exports.sluice_store_open, entries, hash(codec.id));
  const view = thread.alloc(layout.STORE_VIEW_BYTES);
  const entry = thread.alloc(layout.STORE_ENTRY_BYTES);
  const claim = thread.alloc(layout.STORE_CLAIM_BYTES);
  exports.sluice_store_attach(view, self, at - base, entries);
  named.close = () => {
    for (const block of [view, entry, claim]) thread.free(block);
    exports = gone(what);
  };

  /** @param {number} address */
  const word = (address) => thread.i32[address >> 2] >>> 0;
  /** @param {number} address */
  const long = (address) => word(address) + word(address + 4) * 2 ** 32;

  /** @param {() => number} call @param {...number} fine statuses to give back */
  function attempt(call, ...fine) {
    for (let left = ATTEMPTS; ; left--) {
      const status = call();
      if (status === Status.OK || fine.includes(status)) return status;
      if (status !== Status.AGAIN || left === 0) throw statusError(status, what);
    }
  }

  /** @template T @param {() => T} use @returns {T} */
  function held(use) {
    try {
      return use();
    } finally {
      exports.sluice_store_unhold(view, entry);
    }
  }

  /** Holds the key's entry and uses it. @template T @param {string} key @param {() => T} use */
  const withEntry = (key, use) =>
    withName(thread, key, (text, bytes) => {
      const status = attempt(
        () => exports.sluice_store_hold(view, text, bytes, entry),
        Status.EMPTY,
      );
      return status === Status.EMPTY ? undefined : held(use);
    });

  const valueOfEntry = () => {
    const from = word(entry + layout.STORE_ENTRY_VALUE);
    const length = word(entry + layout.STORE_ENTRY_VALUE_BYTES);
    thread.reach(from + length);
    return { from, length };
  };

  /** @param {string} key */
  const versionOf = (key) => withEntry(key, () => long(entry + layout.STORE_ENTRY_VERSION)) ?? 0;

  /** @param {number | undefined} expected */
  const condition = (expected) => (expected === undefined ? ANY : BigInt(expected));

  /** @type {Table} */
  const table = {
    transport: 'shared',
    ready: Promise.resolve(),
    has: (key) => versionOf(key) !== 0,
    version: versionOf,

    read: (key) =>
      withEntry(key, () => {
        const { from, length } = valueOfEntry();
        const value = codec.decode(thread.u8, from, length);
        return { version: long(entry + layout.STORE_ENTRY_VERSION), value };
      }),

    *keys() {
      const index = thread.alloc(4);
      thread.i32[index >> 2] = 0;
      try {
        while (
          attempt(() => exports.sluice_store_next(view, index, entry), Status.EMPTY) === Status.OK
        ) {
          yield held(() => {
            const from = word(entry + layout.STORE_ENTRY_KEY);
            const length = word(entry + layout.STORE_ENTRY_KEY_BYTES);
            thread.reach(from + length);
            return readUtf8(thread.u8, from, length);
          });
        }
      } finally {
        thread.free(index);
      }
    },

    size: () => exports.sluice_store_size(view),

    put(key, value, expected) {
      const length = codec.size(value);
      return withName(thread, key, (text, bytes) => {
        const room = () => exports.sluice_store_claim_for(view, text, bytes, length, claim);
        if (attempt(room, Status.NO_MEMORY) === Status.NO_MEMORY) {
          thread.grow(length + bytes);
          attempt(room);
        }
        const to = word(claim);
        let done = false;
        try {
          thread.reach(to + length);
          const written = codec.encode(value, thread.u8, to);
          const status = attempt(
            () => exports.sluice_store_publish(view, claim, condition(expected), written),
            Status.MISMATCH,
          );
          done = status === Status.OK;
        } finally {
          if (!done) exports.sluice_store_abandon(view, claim);
        }
        return { done, version: done ? long(view + layout.STORE_VIEW_VERSION) : versionOf(key) };
      });
    },

    delete: (key, expected) =>
      withName(thread, key, (text, bytes) => {
        const status = attempt(
          () => exports.sluice_store_remove(view, text, bytes, condition(expected)),
          Status.EMPTY,
          Status.MISMATCH,
        );
        return { done: status === Status.OK, version: status === Status.OK ? 0 : versionOf(key) };
      }),

    same(key, value) {
      if (value === undefined) return versionOf(key) === 0 ? 0 : undefined;
      const wanted = new Uint8Array(codec.size(value));
      const length = codec.encode(value, wanted, 0);
      return withEntry(key, () => {
        const { from, length: there } = valueOfEntry();
        if (there !== length) return undefined;
        for (let i = 0; i < length; i++) {
          if (thread.u8[from + i] !== wanted[i]) return undefined;
        }
        return long(entry + layout.STORE_ENTRY_VERSION);
      });
    },

    changed: async (key, since) => {
      const value = withName(thread, key, (text, bytes) =>
        exports.sluice_store_sleep(view, text, bytes, BigInt(since)),
      );
      await sleepOn(thread, word(view + layout.STORE_VIEW_ASLEEP), value);
    },
  };
  return table;
}
