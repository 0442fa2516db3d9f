/** The engine's status codes (engine/README.md), by name and with what they mean to a caller. */

/** In order of 1, 2, and on. @type {readonly (readonly [string, string])[]} */
const codes = [
  ['LENGTH', 'it is shorter or longer than a message of its kind'],
  ['FORMAT', 'a field of it is none that there is'],
  ['NETWORK', 'it is of another network'],
  ['AMOUNT', 'its amount or its price is zero'],
  ['OVERFLOW', 'its amount times its price, or all that rests at that price, is beyond u64'],
  ['EXPIRED', 'its expiry has passed'],
  ['ADDRESS', "its address is not the maker's key's"],
  ['SIGNATURE', 'its signature is not valid'],
  ['REPLAY', 'it is known already'],
  ['UNKNOWN', 'there is no such order: it expired, or never came here'],
  ['NOT_MAKER', 'only its maker may do that'],
  ['CLOSED', 'the order is filled or cancelled'],
  ['STALE', 'the update is older than the order'],
  ['FULL', 'the book has no room: wait until orders expire'],
  ['ARGUMENT', 'the engine was called with memory that is none'],
  ['AGAIN', 'events of before have not been read'],
  ['PSBT', 'it is not a valid PSBT'],
];

/** @param {number} code as in events */
export const codeName = (code) => codes[code - 1]?.[0] ?? `CODE_${code}`;

/** @param {number} code as in events */
export const codeMeaning = (code) => codes[code - 1]?.[1] ?? `the engine answered ${code}`;
