/**
 * A day at the exchange that is the same for one seed: makers who create, update and cancel orders, in
 * bursts, and of every hundred messages one that is wrong in each way there is.
 */

import { bech32m } from '@scure/base';
import { cancelOrder, messageId, newOrder, SIGNATURE_BYTES, updateOrder } from './message.js';
import { makeRandom } from './random.js';

/**
 * @typedef {{
 *   publicKey(secret: Uint8Array): Uint8Array,
 *   sign(id: Uint8Array, secret: Uint8Array): Uint8Array,
 * }} Signer BIP-340, and x-only keys
 * @typedef {{time: bigint, message: Uint8Array}} Gossip
 * @typedef {{id: Uint8Array, maker: Maker, price: number, message: Uint8Array}} Made
 * @typedef {{secret: Uint8Array, key: Uint8Array, address: string}} Maker
 */

export const REGTEST = 2;
const START = 1_700_000_000_000;
/** Milliseconds that an order stands. */
const STANDS = /** @type {const} */ ([200, 6000]);
const MAKERS = 24;
/** Of all messages, for each of the faults. */
const FAULT = 0.01;
const REMEMBERED = 400;
const U64_MAX = 2n ** 64n - 1n;

/** @param {number} type @param {string} id */
function asset(type, id) {
  const bytes = new Uint8Array(32);
  bytes.set([type, id.length]);
  for (let i = 0; i < id.length; i++) bytes[2 + i] = id.charCodeAt(i);
  return bytes;
}

const bitcoin = asset(0, '');

/** The markets of a session. */
export const sessionMarkets = [
  { base: asset(1, '840000:1'), quote: bitcoin },
  { base: asset(2, '2:0'), quote: bitcoin },
  { base: asset(1, '845764:84'), quote: asset(2, '2:0') },
];

/**
 * @param {number} seed
 * @param {number} count
 * @param {Signer} signer
 * @param {{now?: () => number, stands?: readonly [number, number]}} [options] `now`: the time, else one of its
 *   own; `stands`: milliseconds until an order expires, from and to
 * @returns {Generator<Gossip>} `time`: of arrival, never going back
 */
export function* session(seed, count, signer, { now, stands = STANDS } = {}) {
  const random = makeRandom(seed);
  const makers = Array.from({ length: MAKERS }, () => makeMaker(random, signer));
  /** @type {Made[]} */
  const made = [];
  let time = now?.() ?? START;
  let burst = 0;
  let nonce = 0;

  /** Walks up and down, so that the book moves. */
  const middle = () => 10_000 + Math.round(400 * Math.sin(nonce / 3000));

  /** @param {Maker} maker @param {Partial<import('./message.js').NewOrder>} [other] */
  function order(maker, other) {
    const side = random.below(2);
    const away = random.between(-6, 40);
    return newOrder({
      ...{ network: REGTEST, side, nonce: nonce++, timestamp: BigInt(time - random.below(50)) },
      expiry: BigInt(time + random.between(...stands)),
      amount: BigInt(random.between(1, 5000)),
      price: BigInt(middle() + (side === 0 ? -away : away)),
      ...{ maker: maker.key, address: maker.address, ...random.pick(sessionMarkets), ...other },
    });
  }

  /** @param {Uint8Array} message @param {Maker} maker */
  function signed(message, maker) {
    const id = messageId(message);
    message.set(signer.sign(id, maker.secret), message.length - SIGNATURE_BYTES);
    return id;
  }

  function create() {
    const maker = random.pick(makers);
    const message = order(maker);
    const id = signed(message, maker);
    const price = Number(new DataView(message.buffer).getBigUint64(32, true));
    made.push({ id, maker, price, message });
    if (made.length > REMEMBERED) made.splice(random.below(REMEMBERED / 2), 1);
    return message;
  }

  function change() {
    const one = random.pick(made);
    const maker = random.chance(0.02) ? random.pick(makers) : one.maker;
    const common = {
      ...{ network: REGTEST, nonce: nonce++, maker: maker.key, order: one.id },
      timestamp: BigInt(time),
    };
    const cancels = random.chance(0.55);
    // Mostly it is not spoken of again.
    if (cancels && random.chance(0.9)) made.splice(made.indexOf(one), 1);
    const message = cancels
      ? cancelOrder(common)
      : updateOrder({
          ...common,
          amount: BigInt(random.between(1, 5000)),
          price: BigInt(random.chance(0.5) ? one.price : middle() + random.between(-30, 30)),
          expiry: BigInt(time + random.between(...stands)),
        });
    signed(message, maker);
    return message;
  }

  /** One way of being wrong each. @type {(() => Uint8Array)[]} */
  const faults = [
    function badSignature() {
      const message = create().slice();
      message[message.length - 1 - random.below(SIGNATURE_BYTES)] ^= 1 << random.below(8);
      return message;
    },
    function wrongAddress() {
      const maker = random.pick(makers);
      const other = random.pick(makers.filter((one) => one !== maker));
      const message = order(maker, { address: other.address });
      signed(message, maker);
      return message;
    },
    () => random.pick(made).message,
    function truncated() {
      const message = create();
      return message.slice(0, random.below(message.length));
    },
    function overflow() {
      const maker = random.pick(makers);
      const message = order(maker, { amount: U64_MAX - BigInt(random.below(1000)) });
      signed(message, maker);
      return message;
    },
    function expired() {
      const maker = random.pick(makers);
      const message = order(maker, { expiry: BigInt(time - random.below(2)) });
      signed(message, maker);
      return message;
    },
  ];

  for (let n = 0; n < count; n++) {
    if (burst === 0) {
      burst = random.between(1, 200);
      const step = random.between(1, 40);
      time = now?.() ?? time + step;
    }
    burst--;
    const fault = Math.floor(random.below(1_000_000) / (FAULT * 1_000_000));
    let message;
    if (made.length < 20) message = create();
    else if (fault < faults.length) message = faults[fault]();
    else message = random.chance(0.6) ? create() : change();
    yield { time: BigInt(time), message };
  }
}

/** @param {import('./random.js').Random} random @param {Signer} signer @returns {Maker} */
function makeMaker(random, signer) {
  const secret = random.bytes(32);
  secret[0] &= 0x7f; // below the order of the curve
  const key = signer.publicKey(secret);
  return { secret, key, address: bech32m.encode('bcrt', [1, ...bech32m.toWords(key)]) };
}
