/** The order book as a ladder: asks above, bids below, the best of each at the middle. */

import { element, row } from './elements.js';

/** @typedef {import('../pipeline/wiring.js').Depth} Depth */

/** Prices of each side that are shown. */
const ROWS = 10;

/** @param {Depth} depth */
export function showLadder({ bids, asks }) {
  const [buying, selling] = [running(bids), running(asks)];
  const most = Math.max(1, ...[...buying, ...selling].map(({ total }) => Number(total)));
  element('asks').replaceChildren(...selling.reverse().map((level) => line(level, 'ask', most)));
  element('bids').replaceChildren(...buying.map((level) => line(level, 'bid', most)));
  const cell = /** @type {HTMLElement} */ (element('spread').querySelector('td'));
  cell.textContent =
    bids[0] && asks[0] ? `spread ${asks[0].price - bids[0].price}` : 'no spread yet';
}

/** With what is offered up to there. @param {Depth['bids']} levels */
function running(levels) {
  let total = 0n;
  return levels.slice(0, ROWS).map(({ price, amount }) => {
    total += amount;
    return { price, amount, total };
  });
}

/** @param {{price: bigint, amount: bigint, total: bigint}} level @param {string} kind @param {number} most */
function line({ price, amount, total }, kind, most) {
  const bar = document.createElement('span');
  bar.className = 'fill';
  bar.style.width = `${(100 * Number(total)) / most}%`;
  const made = row([String(price), String(amount), String(total), bar], kind);
  /** @type {HTMLElement} */ (made.lastElementChild).classList.add('bar');
  return made;
}
