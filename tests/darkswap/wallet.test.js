// The wallet and its addresses against the BIPs' own vectors (vectors/, each names its source).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { schnorr } from '@noble/curves/secp256k1.js';
import { hex } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { addressOf, parseAddress } from '../../examples/darkswap/client/address.js';
import { DarkSwapError } from '../../examples/darkswap/client/errors.js';
import { BitcoinNetwork } from '../../examples/darkswap/client/types.js';
import {
  defaultPath,
  freshMnemonic,
  freshWallet,
  makeWallet,
} from '../../examples/darkswap/client/wallet.js';
import { own, vectors } from './vectors.js';

const { Mainnet, Testnet, Regtest, Signet } = BitcoinNetwork;

describe('a wallet of a mnemonic', async () => {
  const { mnemonic, cases } = JSON.parse(await own('bip86.json'));
  for (const { path, internalKey, outputKey, address } of cases)
    test(`has BIP-86's address of ${path}`, async () => {
      const wallet = await makeWallet({ network: Mainnet, mnemonic, derivationPath: path });
      assert.equal(wallet.address, address);
      assert.equal(hex.encode(wallet.internalKey), internalKey);
      assert.equal(hex.encode(wallet.key), outputKey);
      assert.equal(hex.encode(wallet.script), `5120${outputKey}`);
    });

  test('takes the first receiving address of the first account by default', async () => {
    assert.equal((await makeWallet({ network: Mainnet, mnemonic })).address, cases[0].address);
    assert.equal(defaultPath(Regtest), "m/86'/1'/0'/0/0");
  });

  const words = JSON.parse(await own('bip39.json'));
  test(`has the master key of each of BIP-39's ${words.cases.length} vectors`, async () => {
    const { passphrase, cases } = words;
    assert.equal(cases.length, 24);
    for (const { mnemonic, master } of cases) {
      const secret = /** @type {Uint8Array} */ (HDKey.fromExtendedKey(master).privateKey);
      const privateKey = hex.encode(secret);
      const [byWords, byKey] = await Promise.all([
        makeWallet({ mnemonic, passphrase, derivationPath: 'm' }),
        makeWallet({ privateKey }),
      ]);
      assert.equal(byWords.address, byKey.address, mnemonic);
    }
  });
});

describe('an address', async () => {
  const cases = (await vectors('bip350.txt')).map((vector) => ({
    ...vector,
    address: String.fromCharCode(...hex.decode(vector.hex)),
  }));
  const valid = cases.filter(({ kind }) => kind === 'valid_segwit');
  const invalid = cases.filter(({ kind }) => kind === 'invalid_segwit');
  /** @param {string} address */
  const networkOf = (address) => (/^bc/i.test(address) ? Mainnet : Testnet);

  for (const { address, source, rest: scriptPubKey } of valid)
    test(`is read as BIP-350 says, or is no taproot: ${address} (${source})`, () => {
      if (/^5120/.test(scriptPubKey)) {
        const { key, script } = parseAddress(address, networkOf(address));
        assert.equal(hex.encode(script), scriptPubKey);
        assert.equal(addressOf(key, networkOf(address)), address.toLowerCase());
      } else {
        assert.throws(() => parseAddress(address, networkOf(address)), {
          code: 'INVALID_ARGUMENT',
        });
      }
    });

  for (const { address, source, rest: reason } of invalid)
    test(`is refused as BIP-350 says: ${reason} (${address}, ${source})`, () => {
      for (const network of [Mainnet, Testnet])
        assert.throws(() => parseAddress(address, network), { code: 'INVALID_ARGUMENT' });
    });

  test('all of the vectors are there', () => {
    const counts = [valid, invalid].map(
      (list) => list.filter(({ source }) => source === 'own').length,
    );
    assert.deepEqual(counts, [8, 15]);
  });

  test('starts as its network’s do', async () => {
    const privateKey = '00'.repeat(31).concat('01');
    const start = async (/** @type {number} */ network) =>
      (await makeWallet({ network, privateKey })).address.replace(/1p.*/, '');
    assert.deepEqual(await Promise.all([Mainnet, Testnet, Regtest, Signet].map(start)), [
      'bc',
      'tb',
      'bcrt',
      'tb',
    ]);
  });
});

describe('a wallet', () => {
  test('signs for the key that its address names', async () => {
    const wallet = await makeWallet({ privateKey: '11'.repeat(32) });
    const hash = new Uint8Array(32).fill(7);
    const { key } = parseAddress(wallet.address, Regtest);
    assert.ok(schnorr.verify(wallet.sign(hash), hash, key));
    assert.ok(!schnorr.verify(wallet.sign(hash), hash, wallet.internalKey));
  });

  test('is of a key of its own where none was given, in regtest', () => {
    const [one, other] = [freshWallet(), freshWallet()];
    assert.match(one.address, /^bcrt1p[02-9ac-hj-np-z]{58}$/);
    assert.notEqual(one.address, other.address);
  });

  test('takes a key as WIF too', async () => {
    // Of the secret key 1, compressed, on the test networks.
    const privateKey = 'cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA';
    const same = await makeWallet({ privateKey: '00'.repeat(31).concat('01') });
    assert.equal((await makeWallet({ privateKey })).address, same.address);
  });

  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  const bad = /** @type {[string, any][]} */ ([
    ['a network that is none', { network: 4 }],
    ['a network by its name', { network: 'Regtest' }],
    ['a type that is none', { walletType: 'ledger' }],
    ['a type that needs a mnemonic, without one', { walletType: 'hd' }],
    ['a key and a mnemonic', { privateKey: '11'.repeat(32), mnemonic: freshMnemonic() }],
    ['a key of zero', { privateKey: '00'.repeat(32) }],
    ['a key that is the order of the curve', { privateKey: order }],
    ['a key that is too short', { privateKey: '11'.repeat(31) }],
    ['a key that is no string', { privateKey: 17 }],
    ['a mnemonic with a wrong checksum', { mnemonic: 'abandon '.repeat(11).concat('abandon') }],
    ['a mnemonic with a word that is none', { mnemonic: 'abandon '.repeat(11).concat('sluice') }],
    ['a path that is none', { mnemonic: freshMnemonic(), derivationPath: "m/86'/x" }],
    ['a path that ends too high', { mnemonic: freshMnemonic(), derivationPath: 'm/4294967296' }],
    ['no key on the main network', { network: Mainnet }],
  ]);
  for (const [what, config] of bad)
    test(`refuses ${what}`, async () => {
      const error = await makeWallet(config).catch((error) => error);
      assert.ok(error instanceof DarkSwapError, String(error));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      const { privateKey, mnemonic } = config;
      for (const secret of [privateKey, mnemonic])
        if (typeof secret === 'string') assert.ok(!error.message.includes(secret), error.message);
    });
});
