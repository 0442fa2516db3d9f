/**
 * The words of the client's surface. Amounts and prices are u64, as decimal strings; times are
 * milliseconds since 1970.
 *
 * @typedef {{type: number, id?: string}} Asset `type`: one of AssetType; `id`: of all but Bitcoin
 *
 * @typedef {{
 *   id: string, maker: string, baseAsset: Asset, quoteAsset: Asset, side: number, amount: string,
 *   remaining: string, price: string, status: number, timestamp: number, expiry: number,
 * }} Order `price`: atoms of the quote asset for one of the base asset
 *
 * @typedef {{
 *   id: string, orderId: string, amount: string, txid: string, transaction: Uint8Array,
 * }} Trade `transaction`: signed by both and final; nobody has broadcast it
 *
 * @typedef {{bid?: string, ask?: string}} BestBidAsk
 *
 * @typedef {{
 *   txid: string, vout: number, sats: string, asset?: Asset, units?: string,
 * }} Coin an output that the wallet may spend; `asset` and `units`: what it carries besides its sats
 *
 * @typedef {{
 *   network?: number, walletType?: string, privateKey?: string, mnemonic?: string,
 *   passphrase?: string, derivationPath?: string, coins?: Iterable<Coin>, feeRate?: number,
 *   now?: () => number,
 * }} Config `feeRate`: sats for a virtual byte of a swap (1); `now`: the clock (Date.now)
 */

export const AssetType = Object.freeze({ Bitcoin: 0, Rune: 1, Alkane: 2 });

export const OrderSide = Object.freeze({ Buy: 0, Sell: 1 });

export const OrderStatus = Object.freeze({ Open: 0, Filled: 1, Canceled: 2, Expired: 3 });

export const BitcoinNetwork = Object.freeze({ Mainnet: 0, Testnet: 1, Regtest: 2, Signet: 3 });

/**
 * @typedef {(
 *   | { type: 'orderCreated' | 'orderExpired', orderId: string }
 *   | { type: 'orderCancelled', orderId: string }
 *   | { type: 'orderMatched', orderId: string, tradeId: string }
 *   | { type: 'tradeCreated' | 'tradeCompleted', tradeId: string }
 *   | { type: 'tradeFailed', tradeId: string, error: string }
 *   | { type: 'peerConnected' | 'peerDisconnected', peerId: string }
 *   | { type: 'error', error: string }
 * )} ClientEvent
 */

export const EventType = Object.freeze({
  OrderCreated: 'orderCreated',
  OrderCancelled: 'orderCancelled',
  OrderExpired: 'orderExpired',
  OrderMatched: 'orderMatched',
  TradeCreated: 'tradeCreated',
  TradeCompleted: 'tradeCompleted',
  TradeFailed: 'tradeFailed',
  PeerConnected: 'peerConnected',
  PeerDisconnected: 'peerDisconnected',
  Error: 'error',
});
