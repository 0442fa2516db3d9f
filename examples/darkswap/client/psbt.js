/**
 * Partially signed transactions (BIP-174), by @scure/btc-signer. What an input or output carries
 * besides its sats stands in a proprietary field; how a Rune or an Alkane says so on the chain is left
 * out here.
 *
 * @typedef {import('@scure/btc-signer').Transaction} Psbt
 * @typedef {import('./types.js').Asset} Asset
 * @typedef {import('./coins.js').Value} Value
 */

import { schnorr } from '@noble/curves/secp256k1.js';
import { SigHash, Transaction } from '@scure/btc-signer';
import { assetFromBytes, assetToBytes } from './assets.js';

/** Fields that this version does not know are kept: BIP-174 wants it. */
const OPTIONS = /** @type {const} */ ({ unknown: 'ignore', proprietary: 'ignore' });

const encoder = new TextEncoder();

/** The proprietary key: CompactSize length, identifier, subtype 0. */
const LABEL = Uint8Array.of(8, ...encoder.encode('darkswap'), 0);

export const emptyPsbt = () => new Transaction(OPTIONS);

/**
 * @param {unknown} bytes
 * @returns {Psbt}
 * @throws where it is none
 */
export function parsePsbt(bytes) {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('a PSBT is a Uint8Array of its bytes');
  return Transaction.fromPSBT(bytes, OPTIONS);
}

/** The field that says what an input or output carries. @param {Value | undefined} value */
export function labelled(value) {
  if (!value) return {};
  const bytes = new Uint8Array(40);
  bytes.set(assetToBytes(value.asset));
  new DataView(bytes.buffer).setBigUint64(32, value.units, true);
  return { proprietary: /** @type {[Uint8Array, Uint8Array][]} */ ([[LABEL, bytes]]) };
}

/**
 * @param {{proprietary?: readonly (readonly [Uint8Array, Uint8Array])[]}} part an input or output
 * @returns {Value | undefined}
 */
export function labelOf({ proprietary = [] }) {
  const found = proprietary.filter(([key]) => sameBytes(key, LABEL));
  if (found.length === 0) return undefined;
  const [, bytes] = found[0];
  if (found.length > 1 || bytes.length !== 40) throw new Error('a label is not one of DarkSwap');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const units = view.getBigUint64(32, true);
  if (units === 0n) throw new Error('a label says that there is nothing');
  return { asset: assetFromBytes(bytes.subarray(0, 32)), units };
}

/** @param {Psbt} psbt */
export const inputsOf = (psbt) =>
  Array.from({ length: psbt.inputsLength }, (_, index) => psbt.getInput(index));

/** @param {Psbt} psbt */
export const outputsOf = (psbt) =>
  Array.from({ length: psbt.outputsLength }, (_, index) => psbt.getOutput(index));

/** Whether anybody has signed an input of it. @param {Psbt} psbt */
export const isSigned = (psbt) =>
  inputsOf(psbt).some(
    ({ tapKeySig, tapScriptSig, partialSig, finalScriptSig, finalScriptWitness }) =>
      tapKeySig ||
      tapScriptSig?.length ||
      partialSig?.length ||
      finalScriptSig ||
      finalScriptWitness,
  );

/**
 * Whether an input has a signature by the key-path of a taproot output that is valid for all of the
 * transaction.
 *
 * @param {Psbt} psbt all inputs of which say what they spend
 * @param {number} index
 * @param {Uint8Array} key the x-only output key
 */
export function signedBy(psbt, index, key) {
  const { tapKeySig } = psbt.getInput(index);
  if (tapKeySig?.length !== 64) return false;
  const spent = inputsOf(psbt).map(({ witnessUtxo }) => witnessUtxo);
  if (spent.some((one) => one === undefined)) return false;
  const hash = psbt.preimageWitnessV1(
    index,
    spent.map((one) => /** @type {{script: Uint8Array}} */ (one).script),
    SigHash.DEFAULT,
    spent.map((one) => /** @type {{amount: bigint}} */ (one).amount),
  );
  return schnorr.verify(tapKeySig, hash, key);
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
