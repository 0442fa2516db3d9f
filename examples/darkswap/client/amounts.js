/** Amounts and prices: u64, decimal strings outside and BigInt inside. */

import { invalid } from './errors.js';

export const U64_MAX = 2n ** 64n - 1n;

/**
 * @param {unknown} text
 * @param {string} what
 * @returns {bigint} from 1 to 2^64-1
 */
export function positive(text, what) {
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) {
    invalid(`${what} is ${shown(text)}, and has to be a string of decimal digits, of atoms`);
  }
  const value = BigInt(/** @type {string} */ (text));
  if (value === 0n) invalid(`${what} is 0, and has to be at least 1`);
  if (value > U64_MAX) invalid(`${what} is ${text}, and may be 2^64-1 at most`);
  return value;
}

/**
 * What an amount costs.
 *
 * @param {bigint} amount
 * @param {bigint} price
 */
export function costOf(amount, price) {
  const cost = amount * price;
  if (cost > U64_MAX) {
    invalid(`${amount} at a price of ${price} is ${cost}, beyond 2^64-1: ask for less`);
  }
  return cost;
}

/** A value of any kind for a message. @param {unknown} value */
export const shown = (value) =>
  typeof value === 'string' ? `'${value}'` : value === null ? 'null' : `of type ${typeof value}`;
