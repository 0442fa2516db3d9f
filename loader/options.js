/** What options may be. */

/** @param {string} option @param {unknown} value @param {readonly unknown[]} choices */
export function requireChoice(option, value, choices) {
  if (!choices.includes(value)) {
    throw new TypeError(`${option} is ${choices.join(' or ')}, not ${String(value)}`);
  }
}

/** Of counts that have no other bound; and the most that a timer takes, in milliseconds. */
export const LARGEST = 0x7fff_ffff;

/**
 * @param {string} option
 * @param {unknown} value
 * @param {number} least
 * @param {number} [most] of whole numbers; others have no bound
 */
export function requireNumber(option, value, least, most = Infinity) {
  const whole = most < Infinity;
  if (typeof value === 'number' && value >= least && value <= most)
    if (!whole || Number.isInteger(value)) return;
  throw new TypeError(
    `${option} is a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not ${String(value)}`,
  );
}
