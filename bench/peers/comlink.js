/** Comlink: wrap() a worker that has exposed an object, and call that. */

import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import { endpoint } from './comlink-ends.js';
import { inTurn } from './in-turn.js';

/** @type {import('./calls.js').Caller} */
export const comlink = {
  name: 'comlink',
  note: 'no pool: with several workers each call goes to the least busy',
  load: async () => async (env, workers) => {
    const team = Array.from({ length: workers }, () => env.worker('peers/comlink.worker.js'));
    const remotes = team.map((worker) => /** @type {any} */ (Comlink.wrap(endpoint(worker))));
    // What wrap() gives is a function of any name: it must not come out of a promise.
    const one = (/** @type {string} */ name, /** @type {any} */ argument) =>
      remotes[0][name](argument);
    return {
      call:
        workers === 1
          ? one
          : inTurn([...remotes.keys()], (which, name, argument) => remotes[which][name](argument)),
      close: async () => {
        for (const worker of team) await worker.terminate();
      },
    };
  },
};
