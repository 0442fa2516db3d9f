/**
 * The rules of the book once more, as simple as they can be said: what ../engine/README.md promises, with
 * lists that are searched and sorted. It is the judge of the engine: same messages, same bytes.
 */

import { Code, EventKind, encodeEvent } from '../engine/event.js';
import { Kind } from '../gossip/message.js';
import { parse } from './check.js';

/**
 * @typedef {{
 *   name: string, id: Uint8Array, maker: Uint8Array, base: Uint8Array, quote: Uint8Array,
 *   market: string, side: number, amount: bigint, remaining: bigint, price: bigint,
 *   timestamp: bigint, expiry: bigint, keepUntil: bigint, receipt: bigint, turn: bigint,
 *   open: boolean,
 * }} Order `turn`: its place in the queue at its price
 * @typedef {{receipt: bigint, time: bigint}} At
 */

const U64_MAX = 2n ** 64n - 1n;

/** @param {Uint8Array} bytes */
const hex = (bytes) => {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
};

/** @param {Order} order */
const due = ({ open, expiry, keepUntil }) => (open ? expiry : keepUntil);

/** @param {bigint} a @param {bigint} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * @param {{network: number, orders: number, markets: number}} limits
 * @param {(event: Uint8Array) => void} tell each event, in order
 */
export function makeReference(limits, tell) {
  /** All that are kept, by id. @type {Map<string, Order>} */
  const kept = new Map();
  /** Open orders by market and side. @type {Map<string, Order[]>} */
  const sides = new Map();
  /** How many are kept of each market. @type {Map<string, number>} */
  const markets = new Map();
  let number = 0n;
  let turn = 0n;
  let now = 0n;
  let receipt = 0n;
  /** Nothing expires before. */
  let nextDue = U64_MAX;

  /** @param {Partial<import('../engine/event.js').EngineEvent>} event */
  function emit(event) {
    number++;
    tell(encodeEvent({ network: limits.network, number, receipt, time: now, ...event }));
  }

  /** @param {number} kind @param {Order} order @param {number} [code] */
  const about = (kind, order, code = 0) => ({
    kind,
    code,
    side: order.side,
    amount:
      kind === EventKind.Created || kind === EventKind.Updated ? order.amount : order.remaining,
    price: order.price,
    remaining: order.remaining,
    id: order.id,
    other: order.maker,
    base: order.base,
    quote: order.quote,
    timestamp: order.timestamp,
    expiry: order.expiry,
  });

  /** @param {string} market @param {number} side */
  function sideOf(market, side) {
    const name = `${market} ${side}`;
    const list = sides.get(name) ?? [];
    sides.set(name, list);
    return list;
  }

  /** The best price first, then the longest there. @param {Order} order */
  function rest(order) {
    const list = sideOf(order.market, order.side);
    order.turn = ++turn;
    const sign = order.side === 0 ? -1 : 1;
    const after = list.findIndex((one) => sign * compare(one.price, order.price) > 0);
    list.splice(after < 0 ? list.length : after, 0, order);
  }

  /** @param {Order} order */
  function unlist(order) {
    const list = sideOf(order.market, order.side);
    const at = list.indexOf(order);
    if (at >= 0) list.splice(at, 1);
  }

  /** @param {Order} order */
  function close(order) {
    unlist(order);
    order.open = false;
    if (order.keepUntil < nextDue) nextDue = order.keepUntil;
  }

  /** @param {Order} order */
  function forget({ name, market }) {
    kept.delete(name);
    const left = (markets.get(market) ?? 0) - 1;
    if (left > 0) markets.set(market, left);
    else markets.delete(market);
  }

  function expire() {
    if (now < nextDue) return;
    const over = [...kept.values()].filter((order) => order.open && order.expiry <= now);
    over.sort((a, b) => compare(a.expiry, b.expiry) || compare(a.receipt, b.receipt));
    for (const order of over) {
      emit(about(EventKind.Expired, order));
      close(order);
    }
    nextDue = U64_MAX;
    for (const order of kept.values()) {
      if (!order.open && order.keepUntil <= now) forget(order);
      else if (due(order) < nextDue) nextDue = due(order);
    }
  }

  /** @param {Order} taker */
  function match(taker) {
    const others = sideOf(taker.market, 1 - taker.side);
    while (taker.remaining > 0n && others.length > 0) {
      const best = others[0];
      const crosses = taker.side === 0 ? best.price <= taker.price : best.price >= taker.price;
      if (!crosses) break;
      if (hex(best.maker) === hex(taker.maker)) {
        emit(about(EventKind.Cancelled, best, Code.SelfTrade));
        close(best);
        continue;
      }
      const amount = taker.remaining < best.remaining ? taker.remaining : best.remaining;
      taker.remaining -= amount;
      best.remaining -= amount;
      emit({
        ...about(EventKind.Trade, taker),
        amount,
        price: best.price,
        otherRemaining: best.remaining,
        other: best.id,
      });
      if (best.remaining === 0n) close(best);
    }
    if (taker.remaining === 0n) close(taker);
    else rest(taker);
  }

  /** What stands at a price, without one order. @param {string} market @param {number} side @param {bigint} price @param {Order} [but] */
  const standing = (market, side, price, but) =>
    sideOf(market, side)
      .filter((order) => order.price === price && order !== but)
      .reduce((sum, { remaining }) => sum + remaining, 0n);

  /** @param {ReturnType<typeof parse>} is @param {Uint8Array} id @returns {number} a code */
  function create(is, id) {
    const market = `${hex(is.base)}${hex(is.quote)}`;
    if (is.expiry <= now) return Code.Expired;
    if (kept.has(hex(id))) return Code.Replay;
    if (kept.size === limits.orders) return Code.Full;
    if (!markets.has(market) && markets.size === limits.markets) return Code.Full;
    if (standing(market, is.side, is.price) + is.amount > U64_MAX) return Code.Overflow;
    const { maker, base, quote, side, amount, price, timestamp, expiry } = is;
    /** @type {Order} */
    const order = {
      ...{ name: hex(id), id, maker, base, quote, market, side, amount, remaining: amount, price },
      ...{ timestamp, expiry, keepUntil: expiry, receipt, turn: 0n, open: true },
    };
    kept.set(order.name, order);
    markets.set(market, (markets.get(market) ?? 0) + 1);
    if (expiry < nextDue) nextDue = expiry;
    emit(about(EventKind.Created, order));
    match(order);
    return 0;
  }

  /** @param {ReturnType<typeof parse>} is @returns {number | Order} a code, or the open order */
  function named(is) {
    const order = kept.get(hex(is.order));
    if (!order) return Code.Unknown;
    if (hex(order.maker) !== hex(is.maker)) return Code.NotMaker;
    return order.open ? order : Code.Closed;
  }

  /** @param {ReturnType<typeof parse>} is @returns {number} */
  function cancel(is) {
    const order = named(is);
    if (typeof order === 'number') return order;
    emit(about(EventKind.Cancelled, order));
    close(order);
    return 0;
  }

  /** @param {ReturnType<typeof parse>} is @returns {number} */
  function update(is) {
    if (is.expiry <= now) return Code.Expired;
    const order = named(is);
    if (typeof order === 'number') return order;
    if (is.timestamp <= order.timestamp) return Code.Stale;
    const stays = is.price === order.price && is.amount <= order.remaining;
    const others = standing(order.market, order.side, is.price, order);
    if (!stays && others + is.amount > U64_MAX) return Code.Overflow;
    if (!stays) unlist(order);
    order.amount = order.remaining = is.amount;
    order.price = is.price;
    order.timestamp = is.timestamp;
    order.expiry = is.expiry;
    if (is.expiry > order.keepUntil) order.keepUntil = is.expiry;
    if (is.expiry < nextDue) nextDue = is.expiry;
    emit(about(EventKind.Updated, order));
    if (!stays) match(order);
    return 0;
  }

  return {
    /**
     * @param {At} at
     * @param {Uint8Array} message
     * @param {{code: number, id: Uint8Array}} verdict as check() gives it
     */
    submit(at, message, { code, id }) {
      receipt = at.receipt;
      if (at.time > now) now = at.time;
      expire();
      let wrong = code;
      if (!wrong) {
        const is = parse(message);
        if (is.kind === Kind.New) wrong = create(is, id);
        else wrong = is.kind === Kind.Cancel ? cancel(is) : update(is);
      }
      if (wrong) emit({ kind: EventKind.Rejected, code: wrong, id });
    },

    /** The clock alone. @param {At} at */
    tick(at) {
      receipt = at.receipt;
      if (at.time > now) now = at.time;
      expire();
    },

    /** Open orders of a side in the order of trading. @param {Uint8Array} base @param {Uint8Array} quote @param {number} side */
    open: (base, quote, side) => [...sideOf(`${hex(base)}${hex(quote)}`, side)],
  };
}
