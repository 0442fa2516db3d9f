/** Messages that come by themselves, maybe before they are waited for: checked as they come. */

import { makeCheck } from '../payload.js';

/** @param {number} size */
export function makeArrivals(size) {
  /** @type {Uint8Array[]} */
  const early = [];
  /** @type {((data: Uint8Array) => void) | undefined} */
  let use;
  return {
    /** @param {Uint8Array} data */
    arrive(data) {
      if (use) use(data);
      else early.push(data);
    },

    /** @param {number} count @returns {Promise<void>} */
    receive: (count) =>
      new Promise((resolve, reject) => {
        const check = makeCheck(size, count);
        use = (data) => {
          try {
            if (!check.addBytes(data)) return;
            use = undefined;
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        for (const data of early.splice(0)) use?.(data);
      }),
  };
}
