/** Ends the use of a block. WebKit has no Symbol.dispose yet, and there the SDK takes the symbol below. */

/** @param {import('sluice').Block} block */
export function dispose(block) {
  /** @type {any} */ (block)[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
}
