/**
 * A figure as it is printed: bench.js adds the engine's name and version.
 *
 * @typedef {{at_least?: number, at_most?: number}} Target
 * @typedef {{
 *   name: string, value: number | null, unit: string, params: Record<string, unknown>, peer: string,
 *   low?: number, high?: number, target?: Target, met?: boolean, note?: string, cannot?: string,
 * }} Line `low`, `high`: of the rounds. `note`: how a peer was used, where that is not plain. `cannot`: why it has no
 *   value
 */

export const SLUICE = 'Sluice';

/**
 * @param {string} name
 * @param {number} value
 * @param {string} unit
 * @param {Record<string, unknown>} params
 * @param {Target} [target]
 * @param {string} [peer] by default what the name says
 * @returns {Line}
 */
export function line(name, value, unit, params, target, peer = peerOf(name)) {
  const figure = { name, value: round(value), unit, params, peer };
  if (!target) return figure;
  const { at_least = -Infinity, at_most = Infinity } = target;
  return { ...figure, target, met: value >= at_least && value <= at_most };
}

/** @param {string} name */
const peerOf = (name) => (name.includes('.postMessage.') ? 'postMessage, cloned' : SLUICE);

/**
 * What a peer reached: the median of the rounds, and between what they lay.
 *
 * @param {string} name
 * @param {{name: string, note?: string}} peer
 * @param {number[]} rounds
 * @param {string} unit
 * @param {Record<string, unknown>} params
 * @returns {Line}
 */
export const peerLine = (name, peer, rounds, unit, params) => ({
  name,
  value: round(rounds.toSorted((a, b) => a - b)[rounds.length >> 1]),
  unit,
  params,
  peer: peer.name,
  low: round(Math.min(...rounds)),
  high: round(Math.max(...rounds)),
  ...(peer.note && { note: peer.note }),
});

/**
 * @param {string} name
 * @param {string} peer
 * @param {string} unit
 * @param {Record<string, unknown>} params
 * @param {string} cannot why
 * @returns {Line}
 */
export const cannot = (name, peer, unit, params, cannot) => ({
  name,
  value: null,
  unit,
  params,
  peer,
  cannot,
});

/** @param {number} value */
const round = (value) => Number(value.toPrecision(4));
