/**
 * A table of versioned values over messages: what the creator has told this thread, and on top of it
 * what this thread has changed and the creator has not confirmed.
 */

import { follow, wasRemoved } from '../objects.js';

/**
 * @param {import('../internals.js').Internals} internals
 * @param {import('../objects.js').Entry} entry
 * @param {import('../messages/values.js').TableShape} shape
 * @param {import('../codec.js').Codec<any>} codec
 * @param {{value: any}} [initial] of the key '', until the creator says what it is
 * @returns {import('./shared.js').Table}
 */
export function replica(internals, entry, shape, codec, initial) {
  const { id: object, name } = entry;
  /** @typedef {{version: number, bytes: Uint8Array | undefined}} Value */
  /** @type {Map<string, Value>} */
  const confirmed = new Map();
  /** Own changes that are not confirmed, the last of each key. @type {Map<string, Value & {id: number}>} */
  const own = new Map();
  /** @type {Map<string, (() => void)[]>} */
  const waiting = new Map();
  let ids = 0;
  /** See values.js. */
  let floor = 0;
  let opened = false;
  /** @type {unknown} */
  let failure;

  const first = initial && encode(codec, initial.value);
  if (first) confirmed.set('', { version: 1, bytes: first });

  /** @param {string} key */
  function ring(key) {
    for (const resolve of waiting.get(key) ?? []) resolve();
    waiting.delete(key);
  }

  /** @param {import('../messages/values.js').Entry} change */
  function learn([key, version, bytes]) {
    if (!bytes) floor = Math.max(floor, version);
    if (bytes || !opened) confirmed.set(key, { version, bytes });
    else confirmed.delete(key);
    ring(key);
  }

  async function open() {
    const { entries, floor: theirs } = await client.request('state', {
      op: 'open',
      object,
      name,
      shape,
      initial: first,
    });
    for (const entry of entries) {
      // A change may have come already.
      if ((confirmed.get(entry[0])?.version ?? 0) <= entry[1]) learn(entry);
    }
    floor = Math.max(floor, theirs);
    opened = true;
    for (const [key, { bytes }] of confirmed) if (!bytes) confirmed.delete(key);
  }

  const client = follow(internals, entry, 'state', ({ entry: change }) => learn(change));
  const ready = open();
  /** @param {unknown} error */
  function fail(error) {
    failure ??= error;
    for (const key of [...waiting.keys()]) ring(key);
  }
  ready.catch(fail);
  entry.close = () => fail(wasRemoved(`"${name}"`));

  function requireLive() {
    if (failure) throw failure;
  }

  /** @param {string} key @returns {Value | undefined} */
  function at(key) {
    requireLive();
    const found = own.get(key) ?? confirmed.get(key);
    return found?.bytes && found;
  }

  /** @param {string} key @param {Uint8Array | undefined} bytes @param {number | undefined} expected */
  async function change(key, bytes, expected) {
    requireLive();
    const id = ids++;
    if (expected === undefined) {
      own.set(key, { version: (confirmed.get(key)?.version ?? floor) + 1, bytes, id });
      ring(key);
    }
    try {
      await ready; // the creator may have refused
      return await client.request('state', { op: 'put', object, key, bytes, expected });
    } finally {
      if (own.get(key)?.id === id) {
        own.delete(key);
        ring(key);
      }
    }
  }

  function names() {
    requireLive();
    return [...new Set([...confirmed.keys(), ...own.keys()])].filter((key) => at(key));
  }

  /** @type {import('./shared.js').Table} */
  const table = {
    transport: 'message',
    ready,
    has: (key) => at(key) !== undefined,
    version: (key) => at(key)?.version ?? 0,
    read(key) {
      const found = at(key);
      if (!found?.bytes) return undefined;
      return { version: found.version, value: codec.decode(found.bytes, 0, found.bytes.length) };
    },
    keys: names,
    size: () => names().length,
    put: (key, value, expected) => change(key, encode(codec, value), expected),
    delete: (key, expected) => change(key, undefined, expected),
    same(key, value) {
      const there = at(key);
      if (value === undefined) return there ? undefined : 0;
      const wanted = encode(codec, value);
      const equal =
        there?.bytes?.length === wanted.length &&
        wanted.every((byte, index) => byte === there.bytes?.[index]);
      return equal ? there.version : undefined;
    },
    changed: (key, since) =>
      (at(key)?.version ?? 0) !== since
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.set(key, [...(waiting.get(key) ?? []), resolve]);
          }),
  };
  return table;
}

/** @param {import('../codec.js').Codec<any>} codec @param {any} value */
function encode(codec, value) {
  const bytes = new Uint8Array(codec.size(value));
  const length = codec.encode(value, bytes, 0);
  return length === bytes.length ? bytes : bytes.slice(0, length);
}
