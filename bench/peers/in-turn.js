/**
 * The shim for who connects to one worker and has no pool: several, and each call goes to the one that
 * has the fewest under way.
 *
 * @template W
 * @param {W[]} workers
 * @param {(worker: W, name: string, argument: any) => Promise<any>} call
 */
export function inTurn(workers, call) {
  const busy = workers.map(() => 0);
  return async (/** @type {string} */ name, /** @type {any} */ argument) => {
    const which = busy.indexOf(Math.min(...busy));
    busy[which]++;
    try {
      return await call(workers[which], name, argument);
    } finally {
      busy[which]--;
    }
  };
}
