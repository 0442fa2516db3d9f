/** Named objects of the core: opened once in each thread. */

import { SluiceError, Status, statusError } from './errors.js';
import * as layout from './layout.js';

/** @param {string} name */
export function requireName(name) {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`a name is a string that is not empty, not ${String(name)}`);
  }
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > layout.NAME_MAX) {
    throw new SluiceError(
      'too-large',
      `the name ${JSON.stringify(name)} takes ${bytes} bytes, above ${layout.NAME_MAX}`,
    );
  }
}

/**
 * The object called `name`, found or made.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {string} name
 * @param {number} bytes that it takes
 * @param {(at: number, bytes: number) => number} open calls the core with the name; gives an offset
 * @param {() => Error} mismatch what to throw where the name stands for something else
 * @returns {number} its address
 */
export function openNamed(thread, name, bytes, open, mismatch) {
  let offset = thread.withText(name, open);
  if (offset === 0 && thread.status() === Status.NO_MEMORY && thread.grow(bytes)) {
    offset = thread.withText(name, open);
  }
  if (offset === 0) {
    const status = thread.status();
    throw status === Status.MISMATCH ? mismatch() : statusError(status, `"${name}"`);
  }
  const at = thread.base + (offset >>> 0);
  thread.reach(at + bytes);
  return at;
}

/**
 * This thread's object of that name, made the first time that it is asked for.
 *
 * @template T
 * @param {import('./internals.js').Internals} internals
 * @param {string} name
 * @param {string} shape what must be the same each time, for people
 * @param {() => T} make
 * @returns {T}
 */
export function objectFor({ objects }, name, shape, make) {
  requireName(name);
  const known = objects.get(name);
  if (!known) {
    const made = make();
    objects.set(name, { shape, made });
    return made;
  }
  if (known.shape !== shape) throw otherShape(name, shape, known.shape);
  return known.made;
}

/** @param {string} name @param {string} wanted @param {string} [there] */
export const otherShape = (name, wanted, there = 'something else') =>
  new SluiceError(
    'mismatch',
    `"${name}" exists as ${there}, but was opened as ${wanted}: use the same name and options for one thing in every thread`,
  );

/** FNV-1a, 0 for raw bytes. @param {string} id */
export function hash(id) {
  if (id === 'bytes') return 0;
  let value = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) value = Math.imul(value ^ id.charCodeAt(i), 0x01000193);
  return value | 0;
}
