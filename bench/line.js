/**
 * A figure as it is printed: bench.js adds the engine's name and version.
 *
 * @typedef {{at_least?: number, at_most?: number}} Target
 * @typedef {{
 *   name: string, value: number, unit: string, params: Record<string, unknown>, target?: Target, met?: boolean,
 * }} Line
 */

/**
 * @param {string} name
 * @param {number} value
 * @param {string} unit
 * @param {Record<string, unknown>} params
 * @param {Target} [target]
 * @returns {Line}
 */
export function line(name, value, unit, params, target) {
  const rounded = Number(value.toPrecision(4));
  if (!target) return { name, value: rounded, unit, params };
  const { at_least = -Infinity, at_most = Infinity } = target;
  return { name, value: rounded, unit, params, target, met: value >= at_least && value <= at_most };
}
