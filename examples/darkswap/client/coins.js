/**
 * The outputs that the wallet may spend. No network is asked: the wallet knows the coins that it was
 * given, and those that its own swaps made.
 *
 * @typedef {import('./types.js').Asset} Asset
 * @typedef {import('./types.js').Coin} Coin
 * @typedef {{
 *   txid: string, vout: number, sats: bigint, asset: Asset | undefined, units: bigint,
 * }} Output
 * @typedef {{asset: Asset, units: bigint}} Value
 */

import { positive, shown } from './amounts.js';
import { assetName, checkedAsset } from './assets.js';
import { invalid } from './errors.js';
import { AssetType } from './types.js';

/** All that there will ever be. */
const MAX_SATS = 2_100_000_000_000_000n;

/** @param {Iterable<Coin>} [given] */
export function makeCoins(given = []) {
  /** @type {Map<string, Output>} */
  const coins = new Map();
  /** Those in a swap that is under way. @type {Set<Output>} */
  const reserved = new Set();

  /** @param {Output} coin */
  function add(coin) {
    const key = `${coin.txid}:${coin.vout}`;
    if (coins.has(key)) invalid(`the coin ${key} was given twice`);
    coins.set(key, coin);
  }
  for (const coin of given) add(checked(coin));

  /** @param {Asset} asset */
  const free = (asset) =>
    [...coins.values()].filter((coin) => !reserved.has(coin) && carries(coin, asset));

  return {
    add,

    /** All of an asset, also what a swap has reserved. @param {Asset} asset */
    balance: (asset) =>
      [...coins.values()]
        .filter((coin) => carries(coin, asset))
        .reduce((sum, coin) => sum + worthOf(coin), 0n),

    /**
     * Reserves coins that carry so much of an asset, the largest first; undefined where there is less.
     * @param {Value} wanted
     * @returns {Output[] | undefined}
     */
    reserve({ asset, units }) {
      const taken = [];
      let sum = 0n;
      for (const coin of free(asset).sort((a, b) => (worthOf(a) < worthOf(b) ? 1 : -1))) {
        if (sum >= units) break;
        taken.push(coin);
        sum += worthOf(coin);
      }
      if (sum < units) return undefined;
      for (const coin of taken) reserved.add(coin);
      return taken;
    },

    /** @param {Iterable<Output>} taken */
    release(taken) {
      for (const coin of taken) reserved.delete(coin);
    },

    /** @param {Iterable<Output>} taken */
    spend(taken) {
      for (const coin of taken) {
        reserved.delete(coin);
        coins.delete(`${coin.txid}:${coin.vout}`);
      }
    },
  };
}

/** @typedef {ReturnType<typeof makeCoins>} Coins */

/** @param {Output} coin */
const worthOf = (coin) => (coin.asset ? coin.units : coin.sats);

/** @param {Output} coin @param {Asset} asset */
const carries = (coin, asset) =>
  coin.asset ? assetName(coin.asset) === assetName(asset) : asset.type === AssetType.Bitcoin;

/** @param {Coin} coin @returns {Output} */
function checked(coin) {
  if (typeof coin !== 'object' || coin === null) return invalid(`a coin is ${shown(coin)}`);
  const { txid, vout, asset, units } = coin;
  if (typeof txid !== 'string' || !/^[0-9a-f]{64}$/.test(txid)) {
    invalid(`a coin's txid is ${shown(txid)}, and has to be 64 hexadecimal digits in lower case`);
  }
  if (!Number.isInteger(vout) || vout < 0 || vout > 0xffffffff) {
    invalid(`the vout of coin ${txid} is ${String(vout)}, and has to be a u32`);
  }
  const sats = positive(coin.sats, `the sats of coin ${txid}:${vout}`);
  if (sats > MAX_SATS) invalid(`coin ${txid}:${vout} has ${sats} sats, more than there are`);
  if (asset === undefined || asset.type === AssetType.Bitcoin) {
    if (units !== undefined) invalid(`coin ${txid}:${vout} has units, but of no asset`);
    return { txid, vout, sats, asset: undefined, units: 0n };
  }
  return {
    txid,
    vout,
    sats,
    asset: checkedAsset(asset, `the asset of coin ${txid}:${vout}`),
    units: positive(units, `the units of coin ${txid}:${vout}`),
  };
}
