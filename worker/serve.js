/**
 * The serving side: functions of this thread for others to call. A worker file is
 * `serve({ resize, parse })`.
 *
 * @typedef {import('./runner.js').Api} Api
 * @typedef {import('./runner.js').Call} Call
 */

import { attach } from '../loader/attach.js';
import { accept, serveParent } from './serving.js';

/**
 * Lets other threads call the functions of `api`; inside them `this` is a {@link Call}. In a worker,
 * for whoever started it: it attaches to the space that it was spawned on, and stays on its event
 * loop. With a `port`, for whoever has its other end.
 *
 * @template {Api} A
 * @param {A & ThisType<Call>} api
 * @param {MessagePort} [port]
 * @returns {A}
 */
export function serve(api, port) {
  if (typeof api !== 'object' || api === null) {
    throw new TypeError('serve() takes an object of functions');
  }
  if (port) accept(api, port);
  else serveParent(api, () => attach());
  return api;
}
