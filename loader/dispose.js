/** WebKit has neither symbol yet, and we patch no global. */
export const DISPOSE = /** @type {typeof Symbol.dispose} */ (
  Symbol.dispose ?? Symbol.for('Symbol.dispose')
);
export const ASYNC_DISPOSE = /** @type {typeof Symbol.asyncDispose} */ (
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
);
