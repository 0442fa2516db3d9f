/**
 * What the far side has not acknowledged yet. Until it has, this thread stays alive.
 */

import { keepAlive } from '#platform';

export function makeDebts() {
  let owed = 0;
  /** @type {(() => void) | undefined} */
  let letGo;
  /** @type {(() => void)[]} */
  const waiting = [];
  const debts = {
    add() {
      owed++;
      letGo ??= keepAlive();
    },
    pay() {
      if (--owed <= 0) debts.forgive();
    },
    forgive() {
      owed = 0;
      letGo?.();
      letGo = undefined;
      for (const resolve of waiting.splice(0)) resolve();
    },
    /** @returns {Promise<void>} */
    paid: () => (owed === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
  return debts;
}
