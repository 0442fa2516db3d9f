/** What differs between Bitcoin's networks, in the order of BitcoinNetwork. */

import { NETWORK, TEST_NETWORK } from '@scure/btc-signer';
import { invalid } from './errors.js';
import { BitcoinNetwork } from './types.js';

export const parameters = [
  NETWORK,
  TEST_NETWORK,
  { ...TEST_NETWORK, bech32: 'bcrt' },
  TEST_NETWORK,
];

/** @param {unknown} network @returns {number} */
export function checkedNetwork(network = BitcoinNetwork.Regtest) {
  if (!Object.values(BitcoinNetwork).includes(/** @type {any} */ (network))) {
    invalid(`network is ${String(network)}: there are 0 Mainnet, 1 Testnet, 2 Regtest, 3 Signet`);
  }
  return /** @type {number} */ (network);
}
