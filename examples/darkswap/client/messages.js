/**
 * The messages that a client signs, as ../gossip/message.js writes them.
 *
 * @typedef {import('./types.js').Asset} Asset
 * @typedef {import('./wallet.js').Wallet} Wallet
 * @typedef {{bytes: Uint8Array, id: Uint8Array}} Message signed; `id` of its body
 * @typedef {{timestamp: number, nonce: number}} Stamp
 */

import * as messages from '../gossip/message.js';
import { assetToBytes } from './assets.js';

/** @param {Uint8Array} bytes @param {Wallet} wallet @returns {Message} */
const signed = (bytes, wallet) => ({ bytes, id: messages.sign(bytes, wallet.sign) });

/** @param {Wallet} wallet @param {Stamp} stamp */
const about = ({ network, key }, { timestamp, nonce }) => ({
  network,
  nonce,
  timestamp: BigInt(timestamp),
  maker: key,
});

/**
 * @param {Wallet} wallet
 * @param {Stamp & {
 *   side: number, expiry: number, amount: bigint, price: bigint, base: Asset, quote: Asset,
 * }} order
 */
export function newOrder(wallet, { side, expiry, amount, price, base, quote, ...stamp }) {
  const message = messages.newOrder({
    ...about(wallet, stamp),
    side,
    expiry: BigInt(expiry),
    amount,
    price,
    base: assetToBytes(base),
    quote: assetToBytes(quote),
    address: wallet.address,
  });
  return signed(message, wallet);
}

/** @param {Wallet} wallet @param {Uint8Array} order its id @param {Stamp} stamp */
export const cancelOrder = (wallet, order, stamp) =>
  signed(messages.cancelOrder({ ...about(wallet, stamp), order }), wallet);

/**
 * @param {Wallet} wallet
 * @param {Uint8Array} order its id
 * @param {Stamp & {amount: bigint, price: bigint, expiry: number}} to
 */
export function updateOrder(wallet, order, { amount, price, expiry, ...stamp }) {
  const to = { ...about(wallet, stamp), order, amount, price, expiry: BigInt(expiry) };
  return signed(messages.updateOrder(to), wallet);
}
