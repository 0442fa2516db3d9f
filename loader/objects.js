/**
 * Named objects: opened once in each thread.
 *
 * @typedef {{
 *   id: number, name: string, shape: string, made: any, at: number, users: number, removed: boolean,
 *   stale?: boolean, close?: () => void, gone?: () => void,
 * }} Entry of a cell, store or lock that this thread has opened. `at`: its address, over shared memory;
 *   `id`: by which the creator knows it, over messages; `users`: what must end before it can go;
 *   `removed`: this thread has let go of it; `stale`: another has taken its name away; `close`: it is
 *   let go of; `gone`: and nobody uses it any more
 */

import { nextId } from './common.js';
import { SluiceError, statusError } from './errors.js';
import { callNamed, lookUp, requireName } from './names.js';
import * as Status from './status.js';

/**
 * The object called `name`, found or made.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {Entry} entry
 * @param {number} bytes that it takes
 * @param {(...args: any[]) => number} open the core's, which gives an offset
 * @param {...number} more that it takes
 * @returns {number} its address
 */
export function openNamed(thread, entry, bytes, open, ...more) {
  const { name, shape } = entry;
  const offset = thread.make(bytes, () => callNamed(thread, name, open, ...more));
  if (offset === 0) {
    const status = thread.status();
    throw status === Status.MISMATCH ? otherShape(name, shape) : statusError(status, `"${name}"`);
  }
  entry.at = thread.base + offset;
  thread.reach(entry.at + bytes);
  return entry.at;
}

/**
 * This thread's object of that name, made the first time that it is asked for, and again when
 * another thread has taken its name away.
 *
 * @template T
 * @param {import('./internals.js').Internals} internals
 * @param {string} name
 * @param {string} shape what must be the same each time, for people
 * @param {(entry: Entry) => T} make
 * @returns {T}
 */
export function objectFor(internals, name, shape, make) {
  const { objects } = internals;
  requireName(name);
  const known = objects.get(name);
  if (known && !isStale(internals, known)) {
    requireShape(name, shape, known.shape);
    return known.made;
  }
  if (known) letGo(internals, known);
  /** @type {Entry} */
  const entry = { id: nextId(), name, shape, made: undefined, at: 0, users: 0, removed: false };
  entry.made = make(entry);
  objects.set(name, entry);
  return entry.made;
}

/**
 * Has another thread taken the name away from it?
 *
 * @param {import('./internals.js').Internals} internals
 * @param {{at: number, name: string, stale?: boolean}} one
 */
export function isStale({ client, thread }, { at, name, stale }) {
  if (client) return stale === true;
  return lookUp(thread, name) !== at;
}

/**
 * This thread has no use for it any more, but for what it holds.
 *
 * @param {import('./internals.js').Internals} internals
 * @param {Entry} entry
 */
export function letGo({ objects, thread }, entry) {
  objects.delete(entry.name);
  entry.users++;
  entry.removed = true;
  entry.close?.();
  leave(thread, entry);
}

/** One of its users is done. @param {import('./thread.js').Thread} thread @param {Entry} entry */
export function leave({ exports, self, base }, entry) {
  if (--entry.users > 0 || !entry.removed) return;
  if (entry.at !== 0) exports.sluice_object_close(self, entry.at - base);
  entry.gone?.();
}

/**
 * Over messages: the creator tells what becomes of the object, until this thread has let go of it.
 *
 * @param {import('./internals.js').Internals} internals
 * @param {Entry} entry
 * @param {'state' | 'lock'} service
 * @param {(message: any) => void} [listener]
 * @returns {import('./messages/hub.js').Client}
 */
export function follow(internals, entry, service, listener) {
  const client = /** @type {import('./messages/hub.js').Client} */ (internals.client);
  internals.followers ??= new Map();
  const { followers } = internals;
  const { id } = entry;
  followers.set(id, (message) => {
    if (message.removed) entry.stale = true;
    else listener?.(message);
  });
  client.on(service, (message) => followers.get(message.object)?.(message));
  entry.gone = () => {
    followers.delete(id);
    client.post(service, { op: 'drop', object: id });
  };
  return client;
}

/** @param {Entry} entry @param {string} what */
export function requireNamed({ removed }, what) {
  if (removed) throw wasRemoved(what);
}

/** In place of the core's functions for an object that was let go of. @param {string} what @returns {any} */
export const gone = (what) =>
  new Proxy(
    {},
    {
      get() {
        throw wasRemoved(what);
      },
    },
  );

/** @param {string} what */
export const wasRemoved = (what) =>
  new SluiceError('closed', `${what} was removed or closed: open it again`);

/** @param {string} name @param {string} wanted @param {string} [there] */
export const otherShape = (name, wanted, there = 'something else') =>
  new SluiceError(
    'mismatch',
    `"${name}" exists as ${there}, but was opened as ${wanted}: use the same name and options for one thing in every thread`,
  );

/** @param {string} name @param {string} wanted @param {string} there */
export function requireShape(name, wanted, there) {
  if (wanted !== there) throw otherShape(name, wanted, there);
}

/** FNV-1a, 0 for raw bytes. @param {string} id */
export function hash(id) {
  if (id === 'bytes') return 0;
  let value = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) value = Math.imul(value ^ id.charCodeAt(i), 0x01000193);
  return value | 0;
}
