/** The memory of a space: what the module asks for, within what the caller asked for. */

import { SluiceError } from './errors.js';
import { PAGE } from './layout.js';

const DEFAULT_BYTES = 4_194_304;
const LARGEST = 65536;

/**
 * @param {import('./module.js').Compiled} compiled
 * @param {{bytes?: number, maxBytes?: number}} options
 * @returns {{initial: number, maximum: number}} pages
 */
export function choosePages({ memory, from }, { bytes, maxBytes }) {
  const declared = memory ?? { initial: 0, maximum: LARGEST, shared: true };
  if (!declared.shared) {
    throw new SluiceError(
      'mismatch',
      `${from} imports a memory that is not shared: link it with --shared-memory, or it cannot host a space`,
    );
  }
  const maximum = declared.maximum ?? LARGEST;
  const initial =
    bytes === undefined
      ? Math.min(Math.max(DEFAULT_BYTES / PAGE, declared.initial), maximum)
      : pagesFor('bytes', bytes);
  const limit = maxBytes === undefined ? initial : pagesFor('maxBytes', maxBytes);
  if (initial < declared.initial) {
    throw contradiction('bytes', initial, `needs at least ${declared.initial}`, from);
  }
  if (initial > maximum) {
    throw contradiction('bytes', initial, `allows at most ${maximum}`, from);
  }
  if (limit > maximum) {
    throw contradiction('maxBytes', limit, `allows at most ${maximum}`, from);
  }
  if (limit < initial) {
    throw new SluiceError('mismatch', `maxBytes (${maxBytes}) is below bytes (${initial * PAGE})`);
  }
  return { initial, maximum: limit };
}

/** @param {string} option @param {number} bytes */
function pagesFor(option, bytes) {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new TypeError(`${option} is a whole number of bytes above zero, not ${String(bytes)}`);
  }
  return Math.ceil(bytes / PAGE);
}

/** @param {string} option @param {number} pages @param {string} limit @param {string} from */
const contradiction = (option, pages, limit, from) =>
  new SluiceError(
    'mismatch',
    `${option} asks for ${pages} pages of 64 KiB, but ${from} ${limit}: change the option or the module's --initial-memory and --max-memory`,
  );

/** @param {{initial: number, maximum: number}} pages */
export function makeMemory(pages) {
  try {
    return new WebAssembly.Memory({ ...pages, shared: true });
  } catch (cause) {
    throw new SluiceError(
      'no-memory',
      `there is no room for ${pages.initial * PAGE} bytes of memory (up to ${pages.maximum * PAGE}): close spaces that nobody needs, or ask for less`,
      { cause },
    );
  }
}

/**
 * Makes this thread collect its garbage, if that is why another one has no room: in V8 a process has
 * room for 125 memories, shared ones do not count when it decides to collect, and each thread can
 * collect its own only. It does when it asks for one itself and there is no room.
 */
export function makeRoom() {
  try {
    makeMemory({ initial: 1, maximum: 1 });
  } catch {
    // The other thread tells.
  }
}

/**
 * Can another thread get this memory? Only posting it tells: flags and globals are wrong in some
 * engines (WebKitGTK may say crossOriginIsolated and have no SharedArrayBuffer).
 *
 * @param {WebAssembly.Memory} memory
 */
export function canShare(memory) {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(memory);
    return true;
  } catch {
    return false;
  } finally {
    port1.close();
    port2.close();
  }
}
