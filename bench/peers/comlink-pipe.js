/** Comlink between two workers, over a MessagePort: a message is a call, and is answered. */

import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import { makePayload } from '../payload.js';
import { makeArrivals } from './arrivals.js';
import { endpoint } from './comlink-ends.js';

/** So many calls are under way at once: a sender that waited for each would measure the echo. */
const IN_FLIGHT = 64;

/** @type {import('./pipe.js').Pipe} */
export const pipe = {
  name: 'comlink',
  note: `a message is a call that is answered, ${IN_FLIGHT} at a time`,

  link() {
    const { port1, port2 } = new MessageChannel();
    return [
      { end: { port: port1 }, transfer: [port1] },
      { end: { port: port2 }, transfer: [port2] },
    ];
  },

  sender({ port }, size) {
    const remote = /** @type {any} */ (Comlink.wrap(endpoint(port)));
    const { bytes, write } = makePayload(size);
    return async (count) => {
      for (let id = 0; id < count; ) {
        const calls = [];
        for (; id < count && calls.length < IN_FLIGHT; id++) {
          write(id);
          calls.push(remote.take(bytes));
        }
        await Promise.all(calls);
      }
    };
  },

  receiver({ port }, size) {
    const { arrive, receive } = makeArrivals(size);
    Comlink.expose({ take: arrive }, endpoint(port));
    return receive;
  },

  client({ port }, wait) {
    if (wait === 'spin') return 'an answer comes by the event loop: nobody can spin for it';
    const remote = /** @type {any} */ (Comlink.wrap(endpoint(port)));
    return { echo: (n) => remote.echo(n) };
  },

  server({ port }) {
    Comlink.expose({ echo: (/** @type {number} */ n) => n }, endpoint(port));
  },
};
