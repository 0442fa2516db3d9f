/** Taproot addresses (bech32m), by @scure/btc-signer. */

import { Address, OutScript } from '@scure/btc-signer';
import { shown } from './amounts.js';
import { invalid } from './errors.js';
import { parameters } from './networks.js';

/**
 * What an address stands for.
 *
 * @param {unknown} address
 * @param {number} network
 * @returns {{key: Uint8Array, script: Uint8Array}} the x-only output key, and the script
 */
export function parseAddress(address, network) {
  if (typeof address !== 'string') return invalid(`an address is ${shown(address)}`);
  let out;
  try {
    out = Address(parameters[network]).decode(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return invalid(`'${address}' is no address of this network: ${why}`);
  }
  if (out.type !== 'tr')
    return invalid(`'${address}' is no taproot address: it is of type ${out.type}`);
  return { key: out.pubkey, script: OutScript.encode(out) };
}

/** @param {Uint8Array} key the x-only output key @param {number} network */
export const addressOf = (key, network) =>
  Address(parameters[network]).encode({ type: 'tr', pubkey: key });
