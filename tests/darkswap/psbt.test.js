// Reading PSBTs, against BIP-174's vectors.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hex } from '@scure/base';
import { inputsOf, labelled, labelOf, parsePsbt } from '../../examples/darkswap/client/psbt.js';
import { vectors } from './vectors.js';

const all = await vectors('bip174.txt');
/** @param {string} kind */
const those = (kind) =>
  all
    .filter((vector) => vector.kind === kind)
    .map(({ source, rest, hex: psbt }) => ({
      name: `${rest} (${source})`,
      psbt: hex.decode(psbt),
    }));

describe("BIP-174's vectors", () => {
  for (const { name, psbt } of those('invalid'))
    test(`invalid: ${name}`, () => {
      assert.throws(() => parsePsbt(psbt));
    });

  for (const { name, psbt } of those('valid'))
    test(`valid: ${name}`, () => {
      const parsed = parsePsbt(psbt);
      const again = parsePsbt(parsed.toPSBT());
      assert.deepEqual(again.unsignedTx, parsed.unsignedTx);
      assert.deepEqual(inputsOf(again), inputsOf(parsed));
    });

  // Why each is refused, so that it is not for want of the right key.
  const reasons = [
    /legacy input without nonWitnessUtxo/,
    /wrong redeemScript hash/,
    /wrong redeemScript hash/,
    /wrong witnessScript hash/,
  ];
  for (const [i, { name, psbt }] of those('unsignable').entries())
    test(`nobody signs it: ${name}`, () => {
      assert.throws(() => parsePsbt(psbt).signIdx(new Uint8Array(32).fill(1), 0), {
        message: reasons[i % reasons.length],
      });
    });

  test('all of them are there', () => {
    const counts = ['invalid', 'valid', 'unsignable'].map(
      (kind) => all.filter((vector) => vector.kind === kind && vector.source === 'own').length,
    );
    assert.deepEqual(counts, [20, 10, 4]);
  });
});

describe('a label', () => {
  const value = { asset: { type: 1, id: 'DOG' }, units: 2n ** 64n - 1n };

  test('is read as it was written', () => {
    assert.deepEqual(labelOf(/** @type {any} */ (labelled(value))), value);
    assert.equal(labelOf({}), undefined);
  });

  test('that is short, twice there, of nothing, or of no asset is refused', () => {
    const [[key, bytes]] = /** @type {any} */ (labelled(value)).proprietary;
    const empty = bytes.slice().fill(0, 32);
    const unknown = bytes.slice().fill(3, 0, 1);
    for (const proprietary of /** @type {any[]} */ ([
      [[key, bytes.slice(1)]],
      [
        [key, bytes],
        [key, bytes],
      ],
      [[key, empty]],
      [[key, unknown]],
    ]))
      assert.throws(() => labelOf({ proprietary }));
  });
});
