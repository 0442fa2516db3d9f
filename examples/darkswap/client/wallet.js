/**
 * The wallet: one key-path taproot output (BIP-86). The keys, the mnemonic and the address are @scure's
 * and @noble's work; here is only what is asked of them.
 *
 * @typedef {{
 *   address: string, network: number, key: Uint8Array, internalKey: Uint8Array, script: Uint8Array,
 *   sign(hash: Uint8Array): Uint8Array,
 *   signInputs(transaction: import('@scure/btc-signer').Transaction): number,
 * }} Wallet `key`: the x-only output key, which the address names and which `sign` signs for
 */

import { hex } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { generateMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { p2tr, WIF } from '@scure/btc-signer';
import {
  pubSchnorr,
  randomPrivateKeyBytes,
  signSchnorr,
  taprootTweakPrivKey,
} from '@scure/btc-signer/utils.js';
import { invalid } from './errors.js';
import { checkedNetwork, parameters } from './networks.js';
import { BitcoinNetwork } from './types.js';

/** BIP-86: the first receiving address of the first account. @param {number} network */
export const defaultPath = (network) =>
  `m/86'/${network === BitcoinNetwork.Mainnet ? 0 : 1}'/0'/0/0`;

/** A regtest wallet that nobody has seen. */
export const freshWallet = () => fromKey(randomPrivateKeyBytes(), BitcoinNetwork.Regtest);

/** Twelve words of BIP-39. */
export const freshMnemonic = () => generateMnemonic(wordlist, 128);

/**
 * @param {import('./types.js').Config} config
 * @returns {Promise<Wallet>}
 */
export async function makeWallet(config) {
  const { walletType, privateKey, mnemonic } = config;
  const network = checkedNetwork(config.network);
  if (walletType !== undefined && walletType !== 'simple' && walletType !== 'hd') {
    invalid(
      `walletType is '${walletType}': there are 'simple' (a private key) and 'hd' (a mnemonic)`,
    );
  }
  if (privateKey !== undefined && mnemonic !== undefined) {
    invalid('privateKey and mnemonic were both given: a wallet has one of them');
  }
  if (mnemonic !== undefined || walletType === 'hd') {
    if (mnemonic === undefined) invalid("a wallet of type 'hd' needs a mnemonic");
    return fromMnemonic(/** @type {string} */ (mnemonic), network, config);
  }
  if (privateKey === undefined) {
    if (network !== BitcoinNetwork.Regtest) {
      invalid('without privateKey or mnemonic there is a fresh wallet in regtest only: give one');
    }
    return freshWallet();
  }
  return fromKey(parseKey(privateKey, network), network);
}

/**
 * @param {string} mnemonic
 * @param {number} network
 * @param {import('./types.js').Config} config
 */
async function fromMnemonic(mnemonic, network, { passphrase, derivationPath }) {
  if (typeof mnemonic !== 'string' || !validateMnemonic(mnemonic, wordlist)) {
    invalid('the mnemonic is not one of BIP-39 in English: a word or its checksum is wrong');
  }
  const root = HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic, passphrase));
  const path = derivationPath ?? defaultPath(network);
  let key;
  try {
    key = root.derive(path).privateKey;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return invalid(
      `derivationPath '${path}' is none of BIP-32, as ${defaultPath(network)} is: ${why}`,
    );
  }
  return fromKey(/** @type {Uint8Array} */ (key), network);
}

/** 32 bytes as hex, or WIF. @param {unknown} text @param {number} network */
function parseKey(text, network) {
  if (typeof text !== 'string') return invalid('privateKey has to be a string: hex, or WIF');
  try {
    return /^[0-9a-f]{64}$/i.test(text) ? hex.decode(text) : WIF(parameters[network]).decode(text);
  } catch {
    // What the library says may show the key.
    return invalid('privateKey is neither 64 hexadecimal digits nor WIF of this network');
  }
}

/**
 * @param {Uint8Array} secret
 * @param {number} network
 * @returns {Wallet}
 */
function fromKey(secret, network) {
  let internalKey;
  try {
    internalKey = pubSchnorr(secret);
  } catch {
    return invalid('the private key is zero, or not below the order of the curve');
  }
  const { address, script, tweakedPubkey } = p2tr(internalKey, undefined, parameters[network]);
  const tweaked = taprootTweakPrivKey(secret);
  return {
    address: /** @type {string} */ (address),
    network,
    key: tweakedPubkey,
    internalKey,
    script,
    sign: (hash) => signSchnorr(hash, tweaked),
    // Each input of this wallet that is in it; throws where there is none.
    signInputs: (transaction) => transaction.sign(secret),
  };
}
