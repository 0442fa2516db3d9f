/** How much memory a space has: what the module asks for, within what the caller asked for. */

import { SluiceError } from './errors.js';
import { DEFAULT_BYTES, MOST_PAGES, PAGE } from './layout.js';

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
  if (limit > MOST_PAGES) {
    throw new SluiceError('mismatch', `a space has at most 2 GiB, not ${limit * PAGE} bytes`);
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
