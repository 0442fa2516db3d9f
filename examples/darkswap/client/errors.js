/** One error type for the client, with a code to branch on and what caused it. */

/** @typedef {keyof typeof ErrorCode} Code */

export const ErrorCode = Object.freeze({
  UNKNOWN_ERROR: 'UNKNOWN_ERROR',
  INITIALIZATION_FAILED: 'INITIALIZATION_FAILED',
  NOT_INITIALIZED: 'NOT_INITIALIZED',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  WASM_LOAD_FAILED: 'WASM_LOAD_FAILED',
  WASM_INSTANTIATION_FAILED: 'WASM_INSTANTIATION_FAILED',
  DARKSWAP_CREATION_FAILED: 'DARKSWAP_CREATION_FAILED',
  DARKSWAP_START_FAILED: 'DARKSWAP_START_FAILED',
  DARKSWAP_STOP_FAILED: 'DARKSWAP_STOP_FAILED',
  WALLET_ADDRESS_FAILED: 'WALLET_ADDRESS_FAILED',
  WALLET_BALANCE_FAILED: 'WALLET_BALANCE_FAILED',
  WALLET_ASSET_BALANCE_FAILED: 'WALLET_ASSET_BALANCE_FAILED',
  ORDER_CREATION_FAILED: 'ORDER_CREATION_FAILED',
  ORDER_CANCELLATION_FAILED: 'ORDER_CANCELLATION_FAILED',
  ORDER_RETRIEVAL_FAILED: 'ORDER_RETRIEVAL_FAILED',
  ORDERS_RETRIEVAL_FAILED: 'ORDERS_RETRIEVAL_FAILED',
  TRADE_CREATION_FAILED: 'TRADE_CREATION_FAILED',
  MARKET_DATA_FAILED: 'MARKET_DATA_FAILED',
  EVENT_SUBSCRIPTION_FAILED: 'EVENT_SUBSCRIPTION_FAILED',
});

export class DarkSwapError extends Error {
  /**
   * @param {Code} code
   * @param {string} message what happened, and what to do
   * @param {unknown} [originalError]
   */
  constructor(code, message, originalError) {
    super(message, originalError === undefined ? undefined : { cause: originalError });
    this.name = 'DarkSwapError';
    /** @readonly @type {Code} */
    this.code = code;
    /** @readonly @type {unknown} */
    this.originalError = originalError;
  }
}

/** @param {string} message @returns {never} */
export function invalid(message) {
  throw new DarkSwapError('INVALID_ARGUMENT', message);
}

/**
 * Runs a step whose own errors have this code; an error that has a code already keeps it.
 *
 * @template T
 * @param {Code} code
 * @param {string} doing
 * @param {() => T | Promise<T>} step
 * @returns {Promise<T>}
 */
export async function coded(code, doing, step) {
  try {
    return await step();
  } catch (error) {
    if (error instanceof DarkSwapError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DarkSwapError(code, `${doing}: ${why}`, error);
  }
}
