/** Assets: Bitcoin, and what is told apart by an id. */

import { shown } from './amounts.js';
import { invalid } from './errors.js';
import { AssetType } from './types.js';

/** @typedef {import('./types.js').Asset} Asset */

const names = /** @type {const} */ (['Bitcoin', 'Rune', 'Alkane']);

/** As the engine takes them: printable ASCII without blanks. */
const ID = /^[\x21-\x7e]{1,30}$/;

/**
 * @param {unknown} given
 * @param {string} what
 * @returns {Asset} its own copy
 */
export function checkedAsset(given, what) {
  if (typeof given !== 'object' || given === null) {
    return invalid(`${what} is ${shown(given)}, and has to be {type, id}`);
  }
  const { type, id } = /** @type {Asset} */ (given);
  if (!Object.values(AssetType).includes(/** @type {any} */ (type))) {
    invalid(`${what} has the type ${String(type)}: there are 0 Bitcoin, 1 Rune and 2 Alkane`);
  }
  if (type === AssetType.Bitcoin) {
    if (id) invalid(`${what} is Bitcoin, which has no id; it was given '${id}'`);
    return { type };
  }
  if (typeof id !== 'string' || !ID.test(id)) {
    invalid(`${what} is a ${names[type]} and needs an id of 1 to 30 printable characters`);
  }
  return { type, id };
}

/**
 * @param {unknown} base
 * @param {unknown} quote
 */
export function checkedPair(base, quote) {
  const pair = {
    base: checkedAsset(base, 'the base asset'),
    quote: checkedAsset(quote, 'the quote asset'),
  };
  if (assetName(pair.base) === assetName(pair.quote)) {
    invalid(`base and quote are both ${assetName(pair.base)}: they have to differ`);
  }
  return pair;
}

/** A name that tells assets apart. @param {Asset} asset */
export const assetName = ({ type, id }) => (id ? `${names[type]}:${id}` : names[type]);

/** As in the engine's messages: type, length of the id, the id in 30 bytes. @param {Asset} asset */
export function assetToBytes({ type, id = '' }) {
  const bytes = new Uint8Array(32);
  bytes[0] = type;
  bytes[1] = id.length;
  for (let i = 0; i < id.length; i++) bytes[2 + i] = id.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes 32 @returns {Asset} */
export function assetFromBytes(bytes) {
  const id = String.fromCharCode(...bytes.subarray(2, 2 + bytes[1]));
  const asset = checkedAsset(id ? { type: bytes[0], id } : { type: bytes[0] }, 'an asset in bytes');
  if (bytes.subarray(2 + bytes[1], 32).some(Boolean))
    invalid('an asset in bytes has more than its id');
  return asset;
}
