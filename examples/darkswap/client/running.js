/**
 * What runs between start() and stop(): the market, the peers, and the swaps.
 *
 * @typedef {import('./types.js').Asset} Asset
 * @typedef {import('./types.js').Order} Order
 * @typedef {import('./types.js').ClientEvent} ClientEvent
 * @typedef {import('../engine/event.js').EngineEvent} EngineEvent
 * @typedef {Pick<import('../pipeline/exchange.js').Exchange, 'submit' | 'tick' | 'order' | 'orders' | 'best'>
 *   & {readonly transport: 'none' | 'shared' | 'message', stats(): import('../pipeline/path.js').PathStats}} Market
 * @typedef {{network: number, now: () => number, tell: import('../pipeline/exchange.js').Tell}} MarketOptions
 * @typedef {{
 *   market: Market, lost?: Promise<Error>, close(): Promise<unknown>,
 * }} Opened `lost`: what went wrong in the background
 */

import { hex } from '@scure/base';
import { decodeEvent, EventKind, eventsIn } from '../engine/event.js';
import { addressOf } from './address.js';
import { positive } from './amounts.js';
import { assetFromBytes, assetToBytes } from './assets.js';
import { DarkSwapError, invalid } from './errors.js';
import { makeInbox, ROOM } from './inbox.js';
import { cancelOrder, updateOrder } from './messages.js';
import { makePeers } from './peers.js';
import { codeMeaning, codeName } from './status.js';
import { makeTrades } from './trades.js';
import { OrderStatus } from './types.js';

/** Orders that ended are remembered by the book until they expire, and then here: so many. */
const REMEMBERED = 1024;
/** Milliseconds between looks at what has expired. */
const LOOK = 250;

/** Of the engine's. */
const statuses = [OrderStatus.Open, OrderStatus.Filled, OrderStatus.Canceled];

/**
 * @param {(options: MarketOptions) => Promise<Opened>} open
 * @param {import('./client.js').Account} account
 * @param {(event: ClientEvent) => void} tell
 */
export async function run(open, { wallet, coins, feeRate, now }, tell) {
  const { network } = wallet;
  /** @type {Map<string, Order>} */
  const expired = new Map();
  /** Orders that a swap took the rest of: to the book their maker has cancelled them. @type {Set<string>} */
  const swapped = new Set();
  /** This wallet's messages about its open orders, for peers that come. @type {Map<string, Uint8Array[]>} */
  const own = new Map();
  let lastStamp = 0;
  let failed = false;

  const { market, lost, close } = await open({ network, now, tell: onEvents });
  lost?.then(fail);
  const timer = setInterval(() => market.tick().catch(fail), LOOK);
  // Only Node's has it: what is left to expire is no reason to stay.
  /** @type {{unref?: () => void}} */ (/** @type {unknown} */ (timer)).unref?.();
  const inbox = makeInbox(takeMessages);
  const peers = makePeers(serving, onPeer);
  const trades = makeTrades({ wallet, coins, feeRate, order, filled, tell });

  /** @param {EngineEvent} record @param {number} status @returns {Order} */
  const toOrder = (record, status) => ({
    id: hex.encode(record.id),
    maker: addressOf(record.other, network),
    baseAsset: assetFromBytes(record.base),
    quoteAsset: assetFromBytes(record.quote),
    side: record.side,
    amount: String(record.amount),
    remaining: String(record.remaining),
    price: String(record.price),
    status,
    timestamp: Number(record.timestamp),
    expiry: Number(record.expiry),
  });

  /** @type {import('../pipeline/exchange.js').Tell} */
  function onEvents(memory, offset, length) {
    for (const at of eventsIn(offset, length)) onEvent(decodeEvent(memory, at));
  }

  /** @param {EngineEvent} record */
  function onEvent(record) {
    const orderId = hex.encode(record.id);
    if (record.kind === EventKind.Created) tell({ type: 'orderCreated', orderId });
    else if (record.kind === EventKind.Cancelled) {
      own.delete(orderId);
      if (!swapped.has(orderId)) tell({ type: 'orderCancelled', orderId });
    } else if (record.kind === EventKind.Expired) {
      own.delete(orderId);
      expired.set(orderId, toOrder(record, OrderStatus.Expired));
      for (const oldest of expired.keys()) {
        if (expired.size <= REMEMBERED) break;
        expired.delete(oldest);
      }
      tell({ type: 'orderExpired', orderId });
    } else if (record.kind === EventKind.Trade) {
      const tradeId = `match-${record.number}`;
      const other = hex.encode(record.other);
      if (record.otherRemaining === 0n) own.delete(other);
      tell({ type: 'orderMatched', orderId: other, tradeId });
      tell({ type: 'orderMatched', orderId, tradeId });
    }
  }

  /** @param {ClientEvent} event */
  function onPeer(event) {
    if (event.type === 'peerDisconnected') trades.lose(event.peerId);
    tell(event);
  }

  /** Once: one death is seen in several places. @param {Error} error */
  function fail(error) {
    if (failed) return;
    failed = true;
    clearInterval(timer);
    tell({ type: 'error', error: `the market failed: ${error.message}; stop() and start() again` });
  }

  /** @param {{message: Uint8Array, peer: string}[]} batch */
  async function takeMessages(batch) {
    const codes = await market.submit(batch.map(({ message }) => message));
    for (const [i, { message, peer }] of batch.entries()) {
      if (codes[i] === 0) peers.gossip([message], peer); // what is new here may be new there
    }
    return codes;
  }

  /** @param {string} peer */
  function serving(peer) {
    return {
      hello: () => wallet.address,
      gossip: (/** @type {Uint8Array[]} */ messages) => inbox.put(messages, peer),
      offer: (
        /** @type {string} */ id,
        /** @type {string} */ amount,
        /** @type {string} */ taker,
      ) => trades.offer(peer, id, positive(amount, 'amount'), taker),
      agree: async (/** @type {string} */ trade, /** @type {Uint8Array} */ psbt) =>
        trades.agree(peer, trade, psbt),
      settle: (/** @type {string} */ trade, /** @type {Uint8Array} */ transaction) =>
        trades.settle(peer, trade, transaction),
      abandon: async (/** @type {string} */ trade, /** @type {string} */ why) =>
        trades.abandon(peer, trade, String(why)),
    };
  }

  /** @param {string} id @returns {Promise<Order>} */
  async function order(id) {
    if (!/^[0-9a-f]{64}$/.test(id)) invalid(`'${id}' is not the id of an order`);
    const found = await market.order(hex.decode(id));
    if (found) {
      const status = statuses[found.status];
      const filled = status === OrderStatus.Canceled && swapped.has(id);
      return toOrder(found.order, filled ? OrderStatus.Filled : status);
    }
    const gone = expired.get(id);
    if (gone) return gone;
    throw new DarkSwapError(
      'ORDER_RETRIEVAL_FAILED',
      `order ${id} is not known here: it expired long ago, or its maker is no peer`,
    );
  }

  /**
   * To the book, then to the peers.
   *
   * @param {import('./messages.js').Message} message
   * @param {import('./errors.js').Code} code of a failure
   * @param {string} what
   */
  async function publish({ bytes }, code, what) {
    const [answer] = await market.submit([bytes]);
    if (answer > 0) {
      throw new DarkSwapError(code, `${what}: ${codeMeaning(answer)} (${codeName(answer)})`);
    }
    peers.gossip([bytes]);
  }

  /** Later than the one before: an update that is not would be stale. */
  function stamp() {
    lastStamp = Math.max(now(), lastStamp + 1);
    return { timestamp: lastStamp, nonce: nonce() };
  }

  /** @param {Order} order @param {bigint} amount @param {boolean} isOwn */
  async function filled({ id, remaining, price, expiry }, amount, isOwn) {
    const left = BigInt(remaining) - amount;
    if (left <= 0n) swapped.add(id);
    if (!isOwn) return;
    const order = hex.decode(id);
    if (left <= 0n) {
      own.delete(id);
      const message = cancelOrder(wallet, order, stamp());
      await publish(message, 'UNKNOWN_ERROR', `order ${id}, which was filled, was not closed`);
      return;
    }
    const to = { ...stamp(), amount: left, price: BigInt(price), expiry };
    const message = updateOrder(wallet, order, to);
    await publish(
      message,
      'UNKNOWN_ERROR',
      `order ${id}, of which a part was filled, was not updated`,
    );
    own.get(id)?.push(message.bytes);
  }

  return {
    market,
    order,
    stamp,

    /** @param {import('./messages.js').Message} message of a new order */
    async create(message) {
      const id = hex.encode(message.id);
      own.set(id, [message.bytes]);
      try {
        await publish(message, 'ORDER_CREATION_FAILED', 'the order was not created');
      } catch (error) {
        own.delete(id);
        throw error;
      }
      return order(id);
    },

    /** @param {string} id */
    async cancel(id) {
      const message = cancelOrder(wallet, hex.decode(id), stamp());
      await publish(message, 'ORDER_CANCELLATION_FAILED', `order ${id} was not cancelled`);
    },

    /** @param {Asset} base @param {Asset} quote */
    async orders(base, quote) {
      const found = await market.orders(pair(base, quote));
      return found.map((record) => toOrder(record, OrderStatus.Open));
    },

    /** @param {Asset} base @param {Asset} quote */
    async best(base, quote) {
      const { bid, ask } = await market.best(pair(base, quote));
      return { ...(bid && { bid: String(bid) }), ...(ask && { ask: String(ask) }) };
    },

    /** @param {string} id @param {bigint} amount */
    async take(id, amount) {
      const found = await order(id);
      const refuse = (/** @type {string} */ why) => {
        throw new DarkSwapError('TRADE_CREATION_FAILED', `order ${id} was not taken: ${why}`);
      };
      if (found.maker === wallet.address) refuse("it is this wallet's own");
      if (found.status !== OrderStatus.Open) {
        refuse(`it is ${['open', 'filled', 'cancelled', 'expired'][found.status]}`);
      }
      if (amount > BigInt(found.remaining))
        refuse(`${found.remaining} are left of it, not ${amount}`);
      const maker = peers.at(found.maker);
      if (!maker) return refuse(`its maker ${found.maker} is no peer: connectPeer() first`);
      return trades.take(found, amount, maker.remote);
    },

    /** @param {import('./peers.js').LinkEnd} end */
    async connect(end) {
      const id = await peers.connect(end);
      const messages = [...own.values()].flat();
      for (let at = 0; at < messages.length; at += ROOM / 4) {
        await peers.get(id)?.remote.gossip(messages.slice(at, at + ROOM / 4));
      }
      return id;
    },

    stats() {
      const { received, matched, rejected, codes } = market.stats();
      const { dropped } = inbox.stats();
      return {
        ...{ received: received + dropped, accepted: matched - rejected, rejected, dropped },
        codes: Object.fromEntries(
          Object.entries(codes).map(([code, count]) => [codeName(Number(code)), count]),
        ),
        peers: peers.stats(),
      };
    },

    async close() {
      failed = true; // what ends now ends on purpose
      clearInterval(timer);
      inbox.close();
      trades.lose();
      await peers.close();
      await close();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof run>>} Running */

/** @param {Asset} base @param {Asset} quote */
export const pair = (base, quote) => ({ base: assetToBytes(base), quote: assetToBytes(quote) });

/** Two messages alike in all else differ by it. */
const nonce = () => crypto.getRandomValues(new Uint32Array(1))[0];
