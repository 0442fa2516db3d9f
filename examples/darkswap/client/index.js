/** The client's entry. */

export { DarkSwapClient } from './client.js';
export { DarkSwapError, ErrorCode } from './errors.js';
export { peerLink } from './peers.js';
export { SharedMemoryDarkSwapClient } from './shared-memory-client.js';
export { AssetType, BitcoinNetwork, EventType, OrderSide, OrderStatus } from './types.js';
