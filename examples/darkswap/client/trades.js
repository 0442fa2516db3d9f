/**
 * Swaps under way, of both sides: coins stay reserved from the offer on until the swap is settled or
 * given up.
 *
 * @typedef {import('./swap.js').Terms} Terms
 * @typedef {import('./coins.js').Output} Output
 * @typedef {import('./types.js').Trade} Trade
 * @typedef {{
 *   id: string, order: string, amount: bigint, peer: string, psbt: Uint8Array, coins: Output[],
 *   txid: string,
 * }} Pending
 */

import { parseAddress } from './address.js';
import { costOf } from './amounts.js';
import { DarkSwapError } from './errors.js';
import { parsePsbt } from './psbt.js';
import { agree, checkFinal, fill, finish, offer, onlyInRegtest, received } from './swap.js';
import { OrderSide } from './types.js';

/** @param {string} message @param {unknown} [cause] */
const failed = (message, cause) => new DarkSwapError('TRADE_CREATION_FAILED', message, cause);

/**
 * @param {{
 *   wallet: import('./wallet.js').Wallet, coins: import('./coins.js').Coins, feeRate: number,
 *   order: (id: string) => Promise<import('./types.js').Order>,
 *   filled: (order: import('./types.js').Order, amount: bigint, own: boolean) => Promise<void>,
 *   tell: (event: import('./types.js').ClientEvent) => void,
 * }} client `filled`: the order was, by so much; `own`: it is this client's
 */
export function makeTrades({ wallet, coins, feeRate, order, filled, tell }) {
  /** The maker's. @type {Map<string, Pending>} */
  const offered = new Map();
  let last = 0;

  /** @param {import('./types.js').Order} order @param {bigint} amount @param {string} taker @returns {Terms} */
  function termsOf({ baseAsset, quoteAsset, side, price, maker }, amount, taker) {
    const base = { asset: baseAsset, units: amount };
    const quote = { asset: quoteAsset, units: costOf(amount, BigInt(price)) };
    const [gives, wants] = side === OrderSide.Sell ? [base, quote] : [quote, base];
    const script = (/** @type {string} */ address) => parseAddress(address, wallet.network).script;
    return { maker: script(maker), taker: script(taker), gives, wants };
  }

  /** @param {string} trade @param {string} peer */
  function pending(trade, peer) {
    const found = offered.get(trade);
    if (found?.peer !== peer)
      throw failed(`there is no trade ${trade} with this peer: offer it again`);
    return found;
  }

  /** @param {Pending} trade @param {string} why */
  function giveUp(trade, why) {
    if (!offered.delete(trade.id)) return;
    coins.release(trade.coins);
    tell({ type: 'tradeFailed', tradeId: trade.id, error: why });
  }

  /** @param {Uint8Array} psbt @param {string} txid @param {Output[]} spent */
  function book(psbt, txid, spent) {
    coins.spend(spent);
    for (const coin of received(parsePsbt(psbt), txid, wallet.script)) coins.add(coin);
  }

  return {
    /**
     * The maker's first step.
     *
     * @param {string} peer
     * @param {string} id of the order
     * @param {bigint} amount
     * @param {string} taker its address
     */
    async offer(peer, id, amount, taker) {
      onlyInRegtest(wallet);
      const found = await order(id);
      if (found.maker !== wallet.address) throw failed(`order ${id} is of another maker`);
      const promised = [...offered.values()]
        .filter((trade) => trade.order === id)
        .reduce((sum, trade) => sum + trade.amount, 0n);
      const left = BigInt(found.remaining) - promised;
      if (found.status !== 0 || amount > left) {
        throw failed(`order ${id} has ${found.status === 0 ? left : 0} left, and not ${amount}`);
      }
      const made = offer(wallet, coins, termsOf(found, amount, taker));
      const trade = `${id.slice(0, 16)}-${++last}`;
      offered.set(trade, { ...made, id: trade, order: id, amount, peer, txid: '' });
      tell({ type: 'tradeCreated', tradeId: trade });
      return { trade, psbt: made.psbt };
    },

    /** The maker's second step. @param {string} peer @param {string} id @param {unknown} psbt */
    agree(peer, id, psbt) {
      const trade = pending(id, peer);
      if (trade.txid) throw failed(`trade ${id} was agreed already`);
      try {
        const made = agree(wallet, trade.psbt, psbt);
        trade.psbt = made.psbt;
        trade.txid = made.txid;
        return made.psbt;
      } catch (error) {
        giveUp(trade, error instanceof Error ? error.message : String(error));
        throw error;
      }
    },

    /** The maker's end. @param {string} peer @param {string} id @param {unknown} transaction */
    async settle(peer, id, transaction) {
      const trade = pending(id, peer);
      if (!trade.txid) throw failed(`trade ${id} was not agreed yet`);
      checkFinal(trade.psbt, transaction);
      offered.delete(id);
      book(trade.psbt, trade.txid, trade.coins);
      await filled(await order(trade.order), trade.amount, true);
      tell({ type: 'tradeCompleted', tradeId: id });
    },

    /** @param {string} peer @param {string} id @param {string} why */
    abandon(peer, id, why) {
      giveUp(pending(id, peer), why);
    },

    /** What a peer had under way ends with it. @param {string} [peer] all by default */
    lose(peer) {
      for (const trade of [...offered.values()])
        if (peer === undefined || trade.peer === peer) giveUp(trade, 'the peer is gone');
    },

    /**
     * All of the taker's.
     *
     * @param {import('./types.js').Order} found
     * @param {bigint} amount
     * @param {import('./peers.js').PeerApi} maker
     * @returns {Promise<Trade>}
     */
    async take(found, amount, maker) {
      const terms = termsOf(found, amount, wallet.address);
      const { trade, psbt } = await maker.offer(found.id, String(amount), wallet.address);
      const id = String(trade);
      tell({ type: 'tradeCreated', tradeId: id });
      /** @type {Output[]} */
      let reserved = [];
      try {
        const own = fill(wallet, coins, terms, psbt, feeRate);
        reserved = own.coins;
        const agreed = await maker.agree(id, own.psbt);
        const { key, script } = parseAddress(found.maker, wallet.network);
        const { txid, transaction } = finish(wallet, own.psbt, agreed, key, script);
        await filled(found, amount, false); // before the maker's own word of it arrives
        await maker.settle(id, transaction);
        book(own.psbt, txid, reserved);
        tell({ type: 'tradeCompleted', tradeId: id });
        return { id, orderId: found.id, amount: String(amount), txid, transaction };
      } catch (error) {
        coins.release(reserved);
        const why = error instanceof Error ? error.message : String(error);
        tell({ type: 'tradeFailed', tradeId: id, error: why });
        maker.abandon(id, why).catch(() => {}); // it may have given it up itself
        throw error;
      }
    },
  };
}

/** @typedef {ReturnType<typeof makeTrades>} Trades */
