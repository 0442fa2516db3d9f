/** Names, and keys: what may be one, and how the core gets it. */

import { SluiceError } from './errors.js';
import * as layout from './layout.js';
import { encoder } from './utf8.js';

/** A thread's area has room for so many bytes of one. */
const SCRATCH = 128;

/** @param {string} name */
export function requireName(name) {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`a name is a string that is not empty, not ${String(name)}`);
  }
  const bytes = encoder().encode(name).length;
  if (bytes > layout.NAME_MAX) {
    throw new SluiceError(
      'too-large',
      `the name ${JSON.stringify(name)} takes ${bytes} bytes, above ${layout.NAME_MAX}`,
    );
  }
}

/**
 * Puts a name, or a key, where the core can read it. It is there until the next one.
 *
 * @template T
 * @param {import('./thread.js').Thread} thread
 * @param {string} name
 * @param {(at: number, bytes: number) => T} use
 */
export function withName(thread, name, use) {
  const bytes = encoder().encode(name);
  const at = bytes.length > SCRATCH ? thread.alloc(bytes.length) : thread.area;
  thread.u8.set(bytes, at);
  try {
    return use(at, bytes.length);
  } finally {
    if (at !== thread.area) thread.free(at);
  }
}

/**
 * Calls a function of the core that takes the space, a name, and more.
 *
 * @param {import('./thread.js').Thread} thread
 * @param {string} name
 * @param {(...args: any[]) => number} call
 * @param {...number} more
 */
export const callNamed = (thread, name, call, ...more) =>
  withName(thread, name, (at, bytes) => call(thread.self, at, bytes, ...more));

/** The address of whatever has that name. @param {import('./thread.js').Thread} thread @param {string} name */
export const lookUp = (thread, name) =>
  thread.base + (callNamed(thread, name, thread.exports.sluice_directory_look) >>> 0);
