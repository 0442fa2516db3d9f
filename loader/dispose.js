/** WebKit has neither symbol yet, and we patch no global. */

/** @type {typeof Symbol.dispose} */
export const DISPOSE = /** @type {any} */ (Symbol.dispose ?? Symbol.for('Symbol.dispose'));

/** @type {typeof Symbol.asyncDispose} */
export const ASYNC_DISPOSE = /** @type {any} */ (
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
);
