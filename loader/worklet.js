/** What audio worklets lack, of what it takes to be in a space. */

import { useInstead } from './utf8.js';

/** @param {string} text */
const encode = (text = '') =>
  Uint8Array.from(unescape(encodeURIComponent(text.toWellFormed())), (one) => one.charCodeAt(0));

/** For names, texts and JSON. WebKit's have TextEncoder and TextDecoder, the others neither. */
export function substitute() {
  if (globalThis.TextEncoder) return;
  useInstead(
    {
      encode,
      encodeInto(text, into) {
        const bytes = encode(text);
        into.set(bytes);
        return { read: text.length, written: bytes.length };
      },
    },
    {
      decode: (bytes) =>
        decodeURIComponent(escape(String.fromCharCode(.../** @type {Uint8Array} */ (bytes)))),
    },
  );
}
