/**
 * A swap of two assets as one transaction, in four steps of two:
 *
 * 1. `offer`, the maker: its inputs, what it wants, its change.
 * 2. `fill`, the taker: checks that, adds its own inputs, what it wants, its change and the fee.
 * 3. `agree`, the maker: checks that its own part is as it was, and signs its inputs.
 * 4. `finish`, the taker: checks the maker's signatures, signs, and has a final transaction.
 *
 * Signatures are for all inputs and outputs, so nobody can change what the other saw. Nothing is
 * broadcast, and keys sign in regtest only.
 *
 * @typedef {import('./coins.js').Output} Output
 * @typedef {import('./coins.js').Value} Value
 * @typedef {import('./psbt.js').Psbt} Psbt
 * @typedef {import('./wallet.js').Wallet} Wallet
 * @typedef {{maker: Uint8Array, taker: Uint8Array, gives: Value, wants: Value}} Terms scripts of the
 *   two; what the maker gives and wants
 */

import { Transaction } from '@scure/btc-signer';
import { assetName } from './assets.js';
import { DarkSwapError } from './errors.js';
import {
  emptyPsbt,
  inputsOf,
  isSigned,
  labelled,
  labelOf,
  outputsOf,
  parsePsbt,
  sameBytes,
  signedBy,
} from './psbt.js';
import { AssetType, BitcoinNetwork } from './types.js';

/** Sats of an output that carries something else. */
export const CARRIER = 546n;
/** Below, nodes do not relay a taproot output. */
const DUST = 330n;

/** @param {string} message @returns {never} */
function refuse(message) {
  throw new DarkSwapError('TRADE_CREATION_FAILED', message);
}

/** @param {Value} value */
const sats = ({ asset, units }) => (asset.type === AssetType.Bitcoin ? units : 0n);

/** An output of so much. @param {Uint8Array} script @param {Value} value */
const outputOf = (script, value) =>
  value.asset.type === AssetType.Bitcoin
    ? { script, amount: value.units }
    : { script, amount: CARRIER, ...labelled(value) };

/** @param {Output} coin @param {Wallet} wallet */
const inputOf = ({ txid, vout, sats: amount, asset, units }, { script, internalKey }) => ({
  txid,
  index: vout,
  witnessUtxo: { script, amount },
  tapInternalKey: internalKey,
  ...labelled(asset && { asset, units }),
});

/**
 * What of the coins is left over: first the rest of the asset, then that of the sats.
 *
 * @param {Uint8Array} script
 * @param {Output[]} coins
 * @param {Value} paid
 * @param {bigint} rest sats
 */
function changeOf(script, coins, paid, rest) {
  const outputs = [];
  let left = rest;
  const carried = coins.reduce((sum, coin) => sum + (coin.asset ? coin.units : 0n), 0n);
  if (paid.asset.type !== AssetType.Bitcoin && carried > paid.units) {
    outputs.push(outputOf(script, { asset: paid.asset, units: carried - paid.units }));
    left -= CARRIER;
  }
  if (left >= DUST || outputs.length === 0) {
    if (left > 0n) outputs.push({ script, amount: left });
  } else {
    outputs[0].amount += left;
  }
  return outputs;
}

/** @param {Output[]} coins */
const satsOf = (coins) => coins.reduce((sum, coin) => sum + coin.sats, 0n);

/** Whether the asset's change needs its carrier. @param {Output[]} coins @param {Value} paid */
const leavesUnits = (coins, { asset, units }) =>
  asset.type !== AssetType.Bitcoin &&
  coins.reduce((sum, coin) => sum + (coin.asset ? coin.units : 0n), 0n) > units;

/**
 * Step 1. The coins stay reserved until the caller spends or releases them.
 *
 * @param {Wallet} wallet the maker's
 * @param {import('./coins.js').Coins} coins
 * @param {Terms} terms
 */
export function offer(wallet, coins, { gives, wants }) {
  const taken = reserve(coins, gives, (taken) => {
    const carrier = leavesUnits(taken, gives) ? CARRIER : 0n;
    const rest = satsOf(taken) - sats(gives);
    // Change of sats alone has to be worth an output.
    return rest === 0n || rest >= (carrier || DUST) ? 0n : (carrier || DUST) - rest;
  });
  const psbt = emptyPsbt();
  for (const coin of taken) psbt.addInput(inputOf(coin, wallet));
  psbt.addOutput(outputOf(wallet.script, wants));
  const rest = satsOf(taken) - sats(gives);
  for (const output of changeOf(wallet.script, taken, gives, rest)) psbt.addOutput(output);
  return { psbt: psbt.toPSBT(), coins: taken };
}

/**
 * Step 2.
 *
 * @param {Wallet} wallet the taker's
 * @param {import('./coins.js').Coins} coins
 * @param {Terms} terms
 * @param {unknown} offered bytes of the other's PSBT
 * @param {number} feeRate sats for a virtual byte
 */
export function fill(wallet, coins, terms, offered, feeRate) {
  const psbt = checkedOffer(offered, terms);
  const { gives, wants } = terms;
  const own = gives.asset.type === AssetType.Bitcoin ? 0n : CARRIER;
  const theirs = wants.asset.type === AssetType.Bitcoin ? wants.units : CARRIER;
  /** @param {Output[]} taken */
  const needed = (taken) => {
    const outputs = psbt.outputsLength + 3; // what is wanted, and change of two kinds at most
    const carrier = leavesUnits(taken, wants) ? CARRIER : 0n;
    return own + theirs + carrier + feeOf(psbt.inputsLength + taken.length, outputs, feeRate);
  };
  const taken = reserve(coins, wants, (taken) => needed(taken) - satsOf(taken));
  try {
    for (const coin of taken) psbt.addInput(inputOf(coin, wallet));
    psbt.addOutput(outputOf(wallet.script, gives));
    const carrier = leavesUnits(taken, wants) ? CARRIER : 0n;
    const rest = satsOf(taken) - needed(taken) + carrier;
    const change = changeOf(wallet.script, taken, wants, rest);
    // Sats that are not worth an output are the miners'.
    for (const output of change) if (output.amount >= DUST) psbt.addOutput(output);
    return { psbt: psbt.toPSBT(), coins: taken };
  } catch (error) {
    coins.release(taken);
    throw error;
  }
}

/**
 * Step 3.
 *
 * @param {Wallet} wallet the maker's
 * @param {Uint8Array} offered what step 1 gave
 * @param {unknown} filled bytes of the other's PSBT
 */
export function agree(wallet, offered, filled) {
  onlyInRegtest(wallet);
  const psbt = parsed(filled, 'the PSBT that the taker filled');
  const own = parsePsbt(offered);
  if (isSigned(psbt)) refuse('the PSBT that the taker filled is signed already');
  if (psbt.version !== own.version || psbt.lockTime !== own.lockTime) {
    refuse('the PSBT that the taker filled has another version or lock time');
  }
  const [inputs, outputs] = [inputsOf(psbt), outputsOf(psbt)];
  if (!inputsOf(own).every((input, i) => inputs[i] && sameInput(input, inputs[i]))) {
    refuse("the PSBT that the taker filled has other inputs in place of the maker's");
  }
  if (!outputsOf(own).every((output, i) => outputs[i] && sameOutput(output, outputs[i]))) {
    refuse("the PSBT that the taker filled has other outputs in place of the maker's");
  }
  const others = inputs.slice(own.inputsLength);
  if (
    others.some(({ witnessUtxo }) => !witnessUtxo || sameBytes(witnessUtxo.script, wallet.script))
  ) {
    refuse("the PSBT that the taker filled has an input that is not said to be the taker's own");
  }
  balanced(psbt);
  wallet.signInputs(psbt);
  return { psbt: psbt.toPSBT(), txid: psbt.id };
}

/**
 * Step 4.
 *
 * @param {Wallet} wallet the taker's
 * @param {Uint8Array} filled what step 2 gave
 * @param {unknown} agreed bytes of the other's PSBT
 * @param {Uint8Array} makerKey x-only
 * @param {Uint8Array} makerScript
 */
export function finish(wallet, filled, agreed, makerKey, makerScript) {
  onlyInRegtest(wallet);
  const [own, theirs] = [parsePsbt(filled), parsed(agreed, 'the PSBT that the maker signed')];
  if (!sameBytes(own.unsignedTx, theirs.unsignedTx)) {
    refuse('the PSBT that the maker signed is of another transaction');
  }
  const inputs = inputsOf(own);
  for (const [index, { witnessUtxo }] of inputs.entries()) {
    if (!witnessUtxo || !sameBytes(witnessUtxo.script, makerScript)) continue;
    const { tapKeySig } = theirs.getInput(index);
    // Into the taker's own copy: what else the other wrote is not taken over.
    if (tapKeySig?.length === 64) own.updateInput(index, { tapKeySig }, true);
    if (!signedBy(own, index, makerKey)) {
      refuse(`the maker's signature of input ${index} is missing, or not valid`);
    }
  }
  wallet.signInputs(own);
  own.finalize();
  return { txid: own.id, transaction: own.extract() };
}

/**
 * The maker's look at what the taker made of it: the same transaction, with all signatures.
 *
 * @param {Uint8Array} agreed what step 3 gave
 * @param {unknown} transaction bytes
 */
export function checkFinal(agreed, transaction) {
  const psbt = parsePsbt(agreed);
  let final;
  try {
    if (!(transaction instanceof Uint8Array)) throw new TypeError('it is no Uint8Array');
    final = Transaction.fromRaw(transaction);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(`what should be the swap's transaction is none: ${why}`);
  }
  if (final.id !== psbt.id) refuse(`the transaction is ${final.id}, and not the swap, ${psbt.id}`);
  for (let index = 0; index < psbt.inputsLength; index++) {
    const [signature, ...more] = final.getInput(index).finalScriptWitness ?? [];
    const { script } = psbt.getInput(index).witnessUtxo ?? { script: new Uint8Array() };
    if (signature?.length === 64 && more.length === 0) {
      psbt.updateInput(index, { tapKeySig: signature }, true);
    }
    // A taproot output's script is two bytes and its key.
    if (more.length > 0 || !signedBy(psbt, index, script.subarray(2))) {
      refuse(`the transaction's input ${index} is not signed, or not by its owner's key`);
    }
  }
}

/** Each output of it that is this script's, as coins. @param {Psbt} psbt @param {string} txid @param {Uint8Array} script @returns {Output[]} */
export const received = (psbt, txid, script) =>
  outputsOf(psbt).flatMap((output, vout) => {
    if (!output.script || !sameBytes(output.script, script)) return [];
    const label = labelOf(output);
    const { asset, units = 0n } = label ?? {};
    return [{ txid, vout, sats: output.amount ?? 0n, asset, units }];
  });

/** @param {unknown} offered @param {Terms} terms */
function checkedOffer(offered, { maker, gives, wants }) {
  const psbt = parsed(offered, "the maker's offer");
  if (isSigned(psbt)) refuse("the maker's offer is signed already");
  const [inputs, outputs] = [inputsOf(psbt), outputsOf(psbt)];
  if (inputs.length === 0) refuse("the maker's offer has no inputs");
  if (inputs.some(({ witnessUtxo }) => !witnessUtxo || !sameBytes(witnessUtxo.script, maker))) {
    refuse("the maker's offer has an input that is not the maker's");
  }
  if (outputs.some(({ script }) => !script || !sameBytes(script, maker))) {
    refuse("the maker's offer has an output that is not the maker's");
  }
  const wanted = outputOf(maker, wants);
  if (!outputs[0] || !sameOutput(wanted, outputs[0])) {
    refuse(
      `the maker's offer wants something else than ${wants.units} of ${assetName(wants.asset)}`,
    );
  }
  const given = sum(inputs.map(satsIn)) - sum(outputs.slice(1).map(({ amount = 0n }) => amount));
  if (given !== sats(gives)) {
    refuse(`the maker's offer leaves ${given} sats in place of ${sats(gives)}`);
  }
  const change = outputs.slice(1);
  for (const [name, units] of tally(inputs, change)) {
    const due = name === assetName(gives.asset) ? gives.units : 0n;
    if (units !== due) refuse(`the maker's offer leaves ${units} of ${name} in place of ${due}`);
  }
  if (
    gives.asset.type !== AssetType.Bitcoin &&
    !tally(inputs, change).has(assetName(gives.asset))
  ) {
    refuse(`the maker's offer leaves nothing of ${assetName(gives.asset)}`);
  }
  return psbt;
}

/** Neither sats nor anything else may come from nowhere. @param {Psbt} psbt */
function balanced(psbt) {
  const [inputs, outputs] = [inputsOf(psbt), outputsOf(psbt)];
  const fee = sum(inputs.map(satsIn)) - sum(outputs.map(({ amount = 0n }) => amount));
  if (fee < 0n) refuse(`the swap would pay ${-fee} sats more than it has`);
  for (const [name, units] of tally(inputs, outputs)) {
    if (units !== 0n) refuse(`the swap does not balance in ${name}: ${units} are left over`);
  }
}

/** What inputs carry of each asset, less what outputs do. @param {import('@scure/btc-signer/psbt.js').TransactionInput[]} inputs @param {import('@scure/btc-signer/psbt.js').TransactionOutput[]} outputs */
function tally(inputs, outputs) {
  /** @type {Map<string, bigint>} */
  const left = new Map();
  /** @param {Value | undefined} label @param {bigint} sign */
  function count(label, sign) {
    if (!label) return;
    const name = assetName(label.asset);
    left.set(name, (left.get(name) ?? 0n) + sign * label.units);
  }
  for (const input of inputs) count(labelOf(input), 1n);
  for (const output of outputs) count(labelOf(output), -1n);
  return left;
}

/** @param {import('@scure/btc-signer/psbt.js').TransactionInput} input */
const satsIn = ({ witnessUtxo }) => witnessUtxo?.amount ?? 0n;

/** @param {bigint[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0n);

/**
 * Coins for what is paid, and for the sats that go with it.
 *
 * @param {import('./coins.js').Coins} coins
 * @param {Value} paid
 * @param {(taken: Output[]) => bigint} missing sats, with these coins
 */
function reserve(coins, paid, missing) {
  const taken = coins.reserve(paid);
  if (!taken) return refuse(`the wallet has less than ${paid.units} of ${assetName(paid.asset)}`);
  for (;;) {
    const units = missing(taken);
    if (units <= 0n) return taken;
    const more = coins.reserve({ asset: { type: AssetType.Bitcoin }, units });
    if (!more) {
      coins.release(taken);
      return refuse(`the wallet lacks ${units} sats for the swap, its carriers and its fee`);
    }
    taken.push(...more); // each is an input more to pay for
  }
}

/** Of taproot outputs spent by key: sizes by BIP-141. @param {number} inputs @param {number} outputs @param {number} rate */
const feeOf = (inputs, outputs, rate) =>
  BigInt(Math.ceil(rate * Math.ceil(10.5 + 57.5 * inputs + 43 * outputs)));

/** @param {unknown} bytes @param {string} what */
function parsed(bytes, what) {
  try {
    const psbt = parsePsbt(bytes);
    for (const part of [...inputsOf(psbt), ...outputsOf(psbt)]) labelOf(part);
    return psbt;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DarkSwapError('TRADE_CREATION_FAILED', `${what} is not valid: ${why}`, error);
  }
}

/** @param {Wallet} wallet */
export function onlyInRegtest({ network }) {
  if (network !== BitcoinNetwork.Regtest) {
    refuse('swaps are signed in regtest only: create() the client with network 2, Regtest');
  }
}

/** @param {import('@scure/btc-signer/psbt.js').TransactionInput} a @param {import('@scure/btc-signer/psbt.js').TransactionInput} b */
const sameInput = (a, b) =>
  a.index === b.index &&
  sameBytes(a.txid ?? new Uint8Array(), b.txid ?? new Uint8Array()) &&
  (a.sequence ?? 0xffffffff) === (b.sequence ?? 0xffffffff) &&
  satsIn(a) === satsIn(b) &&
  sameBytes(a.witnessUtxo?.script ?? new Uint8Array(), b.witnessUtxo?.script ?? new Uint8Array()) &&
  a.sighashType === b.sighashType &&
  sameLabel(labelOf(a), labelOf(b));

/** @param {import('@scure/btc-signer/psbt.js').TransactionOutput} a @param {import('@scure/btc-signer/psbt.js').TransactionOutput} b */
const sameOutput = (a, b) =>
  a.amount === b.amount &&
  sameBytes(a.script ?? new Uint8Array(), b.script ?? new Uint8Array()) &&
  sameLabel(labelOf(a), labelOf(b));

/** @param {Value | undefined} a @param {Value | undefined} b */
const sameLabel = (a, b) =>
  a?.units === b?.units && (a && assetName(a.asset)) === (b && assetName(b.asset));
