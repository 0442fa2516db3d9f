/**
 * A place, and its record: latitude and longitude as 64-bit floats, then country, name and the two
 * administrative codes as UTF-8, each behind a byte that says how long it is.
 *
 * @typedef {{
 *   lat: number, lng: number, country: string, name: string, admin1: string, admin2: string,
 * }} Place
 */

import { text } from 'sluice';
import { viewOf } from './view.js';

/** Where the two floats end. */
const TEXTS = 16;

/** @type {import('sluice').Codec<Place>} */
export const place = {
  id: 'place',

  size: ({ country, name, admin1, admin2 }) =>
    TEXTS + sizeOf(country) + sizeOf(name) + sizeOf(admin1) + sizeOf(admin2),

  encode({ lat, lng, country, name, admin1, admin2 }, into, offset) {
    const view = viewOf(into);
    view.setFloat64(offset, lat, true);
    view.setFloat64(offset + 8, lng, true);
    let at = offset + TEXTS;
    at = write(country, into, at);
    at = write(name, into, at);
    at = write(admin1, into, at);
    at = write(admin2, into, at);
    return at - offset;
  },

  decode(from, offset) {
    const view = viewOf(from);
    const country = offset + TEXTS;
    const name = next(from, country);
    const admin1 = next(from, name);
    const admin2 = next(from, admin1);
    return {
      lat: view.getFloat64(offset, true),
      lng: view.getFloat64(offset + 8, true),
      country: read(from, country),
      name: read(from, name),
      admin1: read(from, admin1),
      admin2: read(from, admin2),
    };
  },
};

/** @param {string} value */
function sizeOf(value) {
  const length = text.size(value);
  if (length > 255)
    throw new RangeError(`${length} bytes of text, where a record has room for 255`);
  return 1 + length;
}

/** @param {string} value @param {Uint8Array} into @param {number} at @returns {number} its end */
function write(value, into, at) {
  const length = text.encode(value, into, at + 1);
  if (length > 255) throw new RangeError(`a text of ${length} bytes: a record has room for 255`);
  into[at] = length;
  return at + 1 + length;
}

/** @param {Uint8Array} from @param {number} at */
const read = (from, at) => text.decode(from, at + 1, from[at]);

/** @param {Uint8Array} from @param {number} at */
const next = (from, at) => at + 1 + from[at];
