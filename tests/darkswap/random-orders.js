// Random messages to a small book, in the engine and in the reference matcher: what they tell has to be
// the same, byte for byte, and so has what stands in the book. Nothing is signed: the verdict is given.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { create } from 'sluice';
import { makeBook } from '../../examples/darkswap/engine/book.js';
import { decodeEvent, EVENT_BYTES } from '../../examples/darkswap/engine/event.js';
import {
  cancelOrder,
  frameBytes,
  messageId,
  newOrder,
  updateOrder,
  writeFrame,
} from '../../examples/darkswap/gossip/message.js';
import { makeRandom } from '../../examples/darkswap/gossip/random.js';
import { makeReference } from '../../examples/darkswap/reference/matcher.js';

/** @typedef {import('../../examples/darkswap/gossip/random.js').Random} Random */

const REGTEST = 2;
const U64_MAX = 2n ** 64n - 1n;

export const wasm = () => readFile(new URL('../../build/darkswap/engine.wasm', import.meta.url));

/** @param {number} type @param {string} id */
export function asset(type, id) {
  const bytes = new Uint8Array(32);
  bytes.set([type, id.length]);
  bytes.set(new TextEncoder().encode(id), 2);
  return bytes;
}

const bitcoin = asset(0, '');
const markets = [asset(1, '840000:1'), asset(2, '2:0'), asset(1, 'X')].map((base) => ({
  base,
  quote: bitcoin,
}));

/** What the program chooses from: it mostly speaks of orders that were made before. */
class Talk {
  /** @param {Random} random */
  constructor(random) {
    this.random = random;
    this.makers = Array.from({ length: random.between(2, 6) }, () => random.bytes(32));
    /** @type {{id: Uint8Array, maker: Uint8Array, message: Uint8Array, price: bigint, amount: bigint}[]} */
    this.orders = [];
    this.time = BigInt(random.below(1000));
    this.nonce = 0;
  }

  /** Mostly small, so that orders meet; sometimes at the limits. */
  amount() {
    const { random } = this;
    if (random.chance(0.01)) return U64_MAX - BigInt(random.below(3));
    return random.chance(0.02) ? random.u64() | 1n : BigInt(random.between(1, 20));
  }

  price() {
    return this.random.chance(0.01) ? 1n : BigInt(this.random.between(95, 105));
  }

  expiry() {
    return this.time + BigInt(this.random.between(-2, this.random.chance(0.2) ? 400 : 60));
  }

  create() {
    const { random } = this;
    const { base, quote } = random.pick(markets);
    const maker = random.pick(this.makers);
    const [amount, price] = [this.amount(), this.price()];
    const message = newOrder({
      ...{ network: REGTEST, side: random.below(2), nonce: this.nonce++, timestamp: this.time },
      ...{ expiry: this.expiry(), amount, price, maker, base, quote, address: '' },
    });
    const id = messageId(message);
    this.orders.push({ id, maker, message, amount, price });
    if (this.orders.length > 60) this.orders.splice(random.below(30), 1);
    return message;
  }

  next() {
    const { random, orders } = this;
    this.time += BigInt(random.chance(0.2) ? random.below(6) : 0);
    if (orders.length === 0 || random.chance(0.6)) return this.create();
    const order = random.pick(orders);
    if (random.chance(0.04)) return order.message;
    const maker = random.chance(0.05) ? random.pick(this.makers) : order.maker;
    const common = {
      ...{ network: REGTEST, nonce: this.nonce++, maker },
      timestamp: this.time - BigInt(random.chance(0.1) ? random.below(20) : 0),
      order: random.chance(0.02) ? random.bytes(32) : order.id,
    };
    if (random.chance(0.4)) return cancelOrder(common);
    const price = random.chance(0.6) ? order.price : this.price();
    const amount = random.chance(0.5) ? order.amount : this.amount();
    return updateOrder({ ...common, price, amount, expiry: this.expiry() });
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const same = (a, b) => Buffer.compare(a, b) === 0;

/**
 * @param {number} seed
 * @param {number} operations
 * @returns {Promise<{operations: number, events: Record<number, number>, codes: Record<number, number>}>}
 *   how often each kind of event came, and each code
 */
export async function compareRandom(seed, operations) {
  const space = await create({ wasm: await wasm(), bytes: 2 ** 20 });
  /** @type {Record<number, number>} */
  const kinds = {};
  /** @type {Record<number, number>} */
  const codes = {};
  try {
    for (let done = 0, round = 0; done < operations; round++) {
      const count = Math.min(5000, operations - done);
      compareOnce(space, seed + round, count, kinds, codes);
      done += count;
    }
  } finally {
    await space.close();
  }
  return { operations, events: kinds, codes };
}

/**
 * @param {import('sluice').Space} space
 * @param {number} seed
 * @param {number} count
 * @param {Record<number, number>} kinds
 * @param {Record<number, number>} codes
 */
function compareOnce(space, seed, count, kinds, codes) {
  const random = makeRandom(seed);
  const talk = new Talk(random);
  const limits = {
    network: REGTEST,
    orders: random.pick([8, 40, 300]),
    markets: random.pick([2, 3]),
  };
  const book = makeBook(space, limits);
  /** @type {Uint8Array[]} */
  let expected = [];
  const reference = makeReference(limits, (event) => void expected.push(event));
  const verdict = new Uint8Array(40);
  for (let n = 1; n <= count; n++) {
    const why = `seed ${seed}, message ${n}`;
    const message = talk.next();
    const id = messageId(message);
    const at = { receipt: BigInt(n), time: talk.time };
    const frame = new Uint8Array(frameBytes(message.length));
    writeFrame(new DataView(frame.buffer), 0, { ...at, message });
    verdict.set(id, 8);
    expected = [];
    reference.submit(at, message, { code: 0, id });
    book.submit(frame, verdict);
    let told = 0;
    book.events((memory, offset, length) => {
      for (let from = offset; from < offset + length; from += EVENT_BYTES, told++) {
        const found = memory.subarray(from, from + EVENT_BYTES);
        if (told < expected.length && same(found, expected[told])) continue;
        assert.deepEqual(
          decodeEvent(memory, from),
          expected[told] && decodeEvent(expected[told]),
          why,
        );
        assert.deepEqual(found.slice(), expected[told], why);
      }
    });
    assert.equal(told, expected.length, why);
    for (const event of expected) {
      kinds[event[0]] = (kinds[event[0]] ?? 0) + 1;
      if (event[2]) codes[event[2]] = (codes[event[2]] ?? 0) + 1;
    }
    if (n % 97 === 0) compareBooks(book, reference, why);
  }
  book.close();
}

/**
 * @param {import('../../examples/darkswap/engine/book.js').Book} book
 * @param {ReturnType<typeof makeReference>} reference
 * @param {string} why
 */
function compareBooks(book, reference, why) {
  for (const { base, quote } of markets) {
    for (const side of [0, 1]) {
      const open = reference.open(base, quote, side);
      const shown = book.list(base, quote, side);
      assert.deepEqual(
        shown.map(({ id, remaining, price }) => ({ id, remaining, price })),
        open.map(({ id, remaining, price }) => ({ id, remaining, price })),
        why,
      );
      /** @type {Map<bigint, {price: bigint, amount: bigint, orders: number}>} */
      const levels = new Map();
      for (const { price, remaining } of open) {
        const level = levels.get(price) ?? { price, amount: 0n, orders: 0 };
        levels.set(price, { price, amount: level.amount + remaining, orders: level.orders + 1 });
      }
      assert.deepEqual(book.depth(base, quote, side), [...levels.values()].slice(0, 64), why);
      const best = book.best(base, quote);
      assert.equal(side === 0 ? best.bid : best.ask, open[0]?.price ?? 0n, why);
    }
  }
}
