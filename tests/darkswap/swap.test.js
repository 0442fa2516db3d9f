// A swap as PSBTs: four steps of two wallets, and what each refuses of the other.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { schnorr } from '@noble/curves/secp256k1.js';
import { Transaction } from '@scure/btc-signer';
import { makeCoins } from '../../examples/darkswap/client/coins.js';
import { DarkSwapError } from '../../examples/darkswap/client/errors.js';
import {
  inputsOf,
  labelled,
  labelOf,
  outputsOf,
  parsePsbt,
} from '../../examples/darkswap/client/psbt.js';
import { agree, fill, finish, offer, received } from '../../examples/darkswap/client/swap.js';
import { BitcoinNetwork } from '../../examples/darkswap/client/types.js';
import { makeWallet } from '../../examples/darkswap/client/wallet.js';

/** @typedef {import('../../examples/darkswap/client/types.js').Coin} Coin */
/** @typedef {import('../../examples/darkswap/client/coins.js').Value} Value */
/** @typedef {import('../../examples/darkswap/client/psbt.js').Psbt} Psbt */

const bitcoin = { type: 0 };
const rune = { type: 1, id: 'DOG' };
const alkane = { type: 2, id: '2:1' };

let serial = 0;
const txid = () => (++serial).toString(16).padStart(64, '0');
/** @param {number} sats @returns {Coin} */
const sats = (sats) => ({ txid: txid(), vout: serial % 3, sats: String(sats) });
/** @param {import('../../examples/darkswap/client/types.js').Asset} asset @param {number} units @returns {Coin} */
const units = (asset, units) => ({ ...sats(546), asset, units: String(units) });

const makerWallet = await makeWallet({ privateKey: '11'.repeat(32) });
const takerWallet = await makeWallet({ privateKey: '22'.repeat(32) });

/**
 * @param {Value} gives the maker
 * @param {Value} wants
 * @param {Coin[]} makerCoins
 * @param {Coin[]} takerCoins
 */
function two(gives, wants, makerCoins, takerCoins) {
  const terms = { maker: makerWallet.script, taker: takerWallet.script, gives, wants };
  const [maker, taker] = [makeCoins(makerCoins), makeCoins(takerCoins)];
  const offered = () => offer(makerWallet, maker, terms).psbt;
  const filled = (from = offered()) => fill(takerWallet, taker, terms, from, 2).psbt;
  return { terms, maker, taker, offered, filled };
}

const forSats = () =>
  two(
    { asset: rune, units: 40n },
    { asset: bitcoin, units: 20_000n },
    [units(rune, 100), sats(5_000)],
    [sats(30_000), sats(900)],
  );

/** @param {() => unknown} step @param {RegExp} message */
const refused = (step, message) =>
  assert.throws(step, (error) => {
    assert.ok(error instanceof DarkSwapError, String(error));
    assert.equal(error.code, 'TRADE_CREATION_FAILED');
    assert.match(error.message, message);
    return true;
  });

/** The PSBT, changed. @param {Uint8Array} bytes @param {(psbt: Psbt) => void} change */
function changed(bytes, change) {
  const psbt = parsePsbt(bytes);
  change(psbt);
  return psbt.toPSBT();
}

/** What each of two gets and pays, of an asset. @param {Psbt} psbt @param {Uint8Array} script @param {{type: number, id?: string}} asset */
function gain(psbt, script, asset) {
  /** @param {any} part @param {any} output */
  const worth = (part, { script: of, amount }) => {
    if (Buffer.compare(of, script) !== 0) return 0n;
    const label = labelOf(part);
    if (asset.type === 0) return amount;
    return label && label.asset.id === asset.id ? label.units : 0n;
  };
  const out = outputsOf(psbt).reduce((sum, output) => sum + worth(output, output), 0n);
  return inputsOf(psbt).reduce((sum, input) => sum - worth(input, input.witnessUtxo), out);
}

describe('a swap', () => {
  const cases = /** @type {[string, Value, Value, Coin[], Coin[]][]} */ ([
    [
      'of a rune for bitcoin, with change of both',
      { asset: rune, units: 40n },
      { asset: bitcoin, units: 20_000n },
      [units(rune, 100), sats(5_000)],
      [sats(30_000)],
    ],
    [
      'of all of a rune for bitcoin',
      { asset: rune, units: 100n },
      { asset: bitcoin, units: 20_000n },
      [units(rune, 60), units(rune, 40)],
      [sats(21_000), sats(2_000)],
    ],
    [
      'of bitcoin for an alkane',
      { asset: bitcoin, units: 7_000n },
      { asset: alkane, units: 9n },
      [sats(8_000)],
      [units(alkane, 5), units(alkane, 5), sats(3_000)],
    ],
    [
      'of a rune for an alkane',
      { asset: rune, units: 1n },
      { asset: alkane, units: 2n ** 63n },
      [units(rune, 1)],
      [{ ...units(alkane, 1), units: String(2n ** 64n - 1n) }, sats(4_000)],
    ],
  ]);
  for (const [name, gives, wants, makerCoins, takerCoins] of cases)
    test(`${name} gives each what was agreed, and the taker pays the fee`, () => {
      const { terms, offered, filled } = two(gives, wants, makerCoins, takerCoins);
      const first = offered();
      const second = filled(first);
      const third = agree(makerWallet, first, second);
      const { key, script } = makerWallet;
      const { txid, transaction } = finish(takerWallet, second, third.psbt, key, script);
      assert.equal(third.txid, txid);

      const psbt = parsePsbt(second);
      for (const { asset, units } of [gives, wants]) {
        if (asset.type === 0) continue;
        const out = asset === gives.asset ? -units : units;
        assert.equal(gain(psbt, terms.maker, asset), out);
        assert.equal(gain(psbt, terms.taker, asset), -out);
      }
      const [forMaker, forTaker] = [terms.maker, terms.taker].map((s) => gain(psbt, s, bitcoin));
      const fee = -(forMaker + forTaker);
      const due = gives.asset.type === 0 ? -gives.units : wants.asset.type === 0 ? wants.units : 0n;
      // The carrier that the taker adds for what is no bitcoin is the maker's gain.
      assert.equal(forMaker, wants.asset.type === 0 ? due : due + 546n);

      const final = Transaction.fromRaw(transaction);
      assert.equal(final.id, txid);
      const size = BigInt(final.vsize);
      assert.ok(fee >= 2n * size && fee <= 2n * size + 500n, `a fee of ${fee} for ${size} vB`);
      const spent = inputsOf(psbt).map(({ witnessUtxo }) => /** @type {any} */ (witnessUtxo));
      for (const [index, { script }] of spent.entries()) {
        const [signature] = final.getInput(index).finalScriptWitness ?? [];
        const hash = final.preimageWitnessV1(
          index,
          spent.map(({ script }) => script),
          0,
          spent.map(({ amount }) => amount),
        );
        assert.ok(schnorr.verify(signature, hash, script.subarray(2)), `input ${index}`);
      }
      const coins = received(psbt, txid, terms.taker);
      assert.equal(
        coins.reduce((sum, { sats }) => sum + sats, 0n),
        outputsOf(psbt)
          .filter(({ script }) => Buffer.compare(script ?? new Uint8Array(), terms.taker) === 0)
          .reduce((sum, { amount = 0n }) => sum + amount, 0n),
      );
    });
});

describe('a taker refuses an offer', () => {
  const bad = /** @type {[string, (psbt: Psbt) => void, RegExp][]} */ ([
    [
      'that wants more',
      (psbt) => psbt.updateOutput(0, { amount: 20_001n }),
      /wants something else/,
    ],
    [
      'that wants less: it is not what was agreed either',
      (psbt) => psbt.updateOutput(0, { amount: 19_999n }),
      /wants something else/,
    ],
    [
      'that keeps sats of the change for another',
      (psbt) => psbt.addOutput({ script: takerWallet.script, amount: 1n }),
      /an output that is not the maker's/,
    ],
    [
      "with the taker's own coin among the inputs",
      (psbt) =>
        psbt.addInput({
          txid: 'ee'.repeat(32),
          index: 0,
          witnessUtxo: { script: takerWallet.script, amount: 30_000n },
        }),
      /an input that is not the maker's/,
    ],
    [
      'that gives fewer of the rune',
      (psbt) =>
        psbt.addOutput({
          script: makerWallet.script,
          amount: 0n,
          .../** @type {any} */ (labelled({ asset: rune, units: 1n })),
        }),
      /leaves 39 of Rune:DOG in place of 40/,
    ],
    [
      'whose change asks for more sats',
      (psbt) => psbt.addOutput({ script: makerWallet.script, amount: 1_000n }),
      /leaves -1000 sats in place of 0/,
    ],
  ]);
  for (const [what, change, message] of bad)
    test(what, () => {
      const { offered, filled, taker } = forSats();
      const first = changed(offered(), change);
      const before = taker.balance(bitcoin);
      refused(() => filled(first), message);
      // Nothing stays reserved.
      assert.equal(taker.balance(bitcoin), before);
      assert.ok(taker.reserve({ asset: bitcoin, units: 30_900n }));
    });

  test('without inputs', () => {
    const { filled } = forSats();
    const psbt = new Transaction();
    psbt.addOutput({ script: makerWallet.script, amount: 20_000n });
    refused(() => filled(psbt.toPSBT()), /has no inputs/);
  });

  test('that is signed already', () => {
    const { offered, filled } = forSats();
    refused(
      () => filled(changed(offered(), (psbt) => makerWallet.signInputs(psbt))),
      /signed already/,
    );
  });

  test('that is no PSBT', () => {
    const { filled, offered } = forSats();
    refused(() => filled(offered().slice(0, -1)), /is not valid/);
    refused(() => filled(/** @type {any} */ ('cHNidP8=')), /is not valid/);
    refused(() => filled(new Uint8Array()), /is not valid/);
  });
});

describe('a maker refuses what the taker filled', () => {
  const bad = /** @type {[string, (psbt: Psbt) => void, RegExp][]} */ ([
    [
      "when the maker's change is another",
      (psbt) => psbt.updateOutput(1, { amount: 400n }),
      /other outputs in place of the maker's/,
    ],
    [
      'when what the maker wants goes elsewhere',
      (psbt) => psbt.updateOutput(0, { script: takerWallet.script }),
      /other outputs in place of the maker's/,
    ],
    [
      'when it says that a coin of the maker has less',
      (psbt) => psbt.updateInput(0, { witnessUtxo: { script: makerWallet.script, amount: 500n } }),
      /other inputs in place of the maker's/,
    ],
    [
      'when another coin of the maker is among the inputs',
      (psbt) =>
        psbt.addInput({
          txid: 'dd'.repeat(32),
          index: 0,
          witnessUtxo: { script: makerWallet.script, amount: 90_000n },
        }),
      /an input that is not said to be the taker/,
    ],
    [
      'when an input does not say what it spends',
      (psbt) => psbt.addInput({ txid: 'dd'.repeat(32), index: 0 }),
      /an input that is not said to be the taker/,
    ],
    [
      'when it pays more than it has',
      (psbt) => psbt.addOutput({ script: takerWallet.script, amount: 1_000_000n }),
      /more than it has/,
    ],
    [
      'when units of a rune come from nowhere',
      (psbt) =>
        psbt.addOutput({
          script: takerWallet.script,
          amount: 0n,
          .../** @type {any} */ (labelled({ asset: rune, units: 5n })),
        }),
      /does not balance in Rune:DOG: -5/,
    ],
    ['when the taker has signed already', (psbt) => takerWallet.signInputs(psbt), /signed already/],
  ]);
  for (const [what, change, message] of bad)
    test(what, () => {
      const { offered, filled } = forSats();
      const first = offered();
      refused(() => agree(makerWallet, first, changed(filled(first), change)), message);
    });

  test('and signs outside of regtest for nobody', async () => {
    const { offered, filled } = forSats();
    const first = offered();
    const second = filled(first);
    for (const network of [BitcoinNetwork.Mainnet, BitcoinNetwork.Testnet, BitcoinNetwork.Signet]) {
      const wallet = await makeWallet({ network, privateKey: '11'.repeat(32) });
      refused(() => agree(wallet, first, second), /in regtest only/);
      refused(
        () => finish(wallet, second, second, makerWallet.key, makerWallet.script),
        /in regtest only/,
      );
    }
  });
});

describe('a taker refuses what the maker signed', () => {
  const { key, script } = makerWallet;

  /** @param {(third: Uint8Array, second: Uint8Array) => unknown} change @param {RegExp} message */
  function check(change, message) {
    const { offered, filled } = forSats();
    const first = offered();
    const second = filled(first);
    const third = agree(makerWallet, first, second).psbt;
    refused(() => finish(takerWallet, second, change(third, second), key, script), message);
    finish(takerWallet, second, third, key, script); // as it came it is good
  }

  test('when it is not signed', () =>
    check((_, second) => second, /signature of input 0 is missing/));

  test('when a signature is wrong', () =>
    check(
      (third) =>
        changed(third, (psbt) => {
          const signature = /** @type {Uint8Array} */ (psbt.getInput(0).tapKeySig).slice();
          signature[40] ^= 1;
          psbt.updateInput(0, { tapKeySig: signature }, true);
        }),
      /signature of input 0 is missing, or not valid/,
    ));

  test('when it signs for a part of it only', () =>
    check((_, second) => {
      const psbt = parsePsbt(second);
      psbt.updateInput(0, { sighashType: 0x81 });
      psbt.signIdx(new Uint8Array(32).fill(0x11), 0, [0x81]);
      return psbt.toPSBT();
    }, /signature of input 0 is missing, or not valid/));

  test('when it is of another transaction', () =>
    check((_, second) => {
      const psbt = parsePsbt(second);
      psbt.addOutput({ script, amount: 330n });
      makerWallet.signInputs(psbt);
      return psbt.toPSBT();
    }, /of another transaction/));
});

describe('a wallet that has too little', () => {
  test('offers nothing, and keeps nothing reserved', () => {
    const { offered, maker } = two(
      { asset: rune, units: 41n },
      { asset: bitcoin, units: 1_000n },
      [units(rune, 40)],
      [],
    );
    refused(offered, /less than 41 of Rune:DOG/);
    assert.ok(maker.reserve({ asset: rune, units: 40n }));
  });

  test('fills nothing: sats for the fee are missing', () => {
    const { filled, taker } = two(
      { asset: rune, units: 40n },
      { asset: bitcoin, units: 30_000n },
      [units(rune, 40)],
      [sats(30_100)],
    );
    refused(() => filled(), /lacks \d+ sats/);
    assert.ok(taker.reserve({ asset: bitcoin, units: 30_100n }));
  });

  test('does not offer a coin twice', () => {
    const { offered } = two(
      { asset: rune, units: 40n },
      { asset: bitcoin, units: 1_000n },
      [units(rune, 70), sats(1_000)],
      [],
    );
    offered();
    refused(offered, /less than 40/);
  });
});

describe('coins', () => {
  const good = sats(1_000);
  const bad = /** @type {[string, any][]} */ ([
    ['null', null],
    ['a txid that is none', { ...good, txid: 'xyz' }],
    ['a negative vout', { ...good, vout: -1 }],
    ['a vout beyond u32', { ...good, vout: 2 ** 32 }],
    ['no sats', { ...good, sats: '0' }],
    ['sats as a number', { ...good, sats: 1000 }],
    ['more sats than there are', { ...good, sats: '2100000000000001' }],
    ['units of nothing', { ...good, units: '1' }],
    ['an asset without units', { ...good, asset: rune }],
    ['an asset that is unknown', { ...good, asset: { type: 3 }, units: '1' }],
    ['units beyond u64', { ...good, asset: rune, units: String(2n ** 64n) }],
  ]);
  for (const [what, coin] of bad)
    test(`are refused with ${what}`, () =>
      assert.throws(() => makeCoins([coin]), { code: 'INVALID_ARGUMENT' }));

  test('are refused when one is there twice', () =>
    assert.throws(() => makeCoins([good, good]), { code: 'INVALID_ARGUMENT' }));
});
