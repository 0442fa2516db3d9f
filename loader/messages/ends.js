/**
 * A thread's ends of channels on the message transport: each has a ring in the thread's own memory,
 * and a pump between that and the creator.
 *
 * @typedef {{
 *   readonly ring: typeof import('./ring.js').privateRing,
 *   start(ring: import('../channels/ring.js').Ring): void,
 *   flush(): void, settled(): Promise<unknown>, end(): void,
 * }} Ends `settled`: the creator has all that was sent; `end`: the space is closed
 */

import { fromPlain } from '../plain-errors.js';
import { pumpIn } from './pump-in.js';
import { pumpOut } from './pump-out.js';
import { privateRing } from './ring.js';

/**
 * @param {import('./hub.js').Client} client
 * @returns {Ends}
 */
export function makeEnds(client) {
  /** @typedef {import('./pump-out.js').Pump} Pump */
  /** @type {Map<number, {ring: import('../channels/ring.js').Ring, pump: Pump}>} */
  const ends = new Map();
  let ids = 0;

  client.on('channel', (message) => {
    const end = ends.get(message.id);
    if (!end) {
      if (message.op === 'end') client.post('channel', { op: 'ended', id: message.id });
    } else if (message.op === 'refused') {
      end.ring.failure = fromPlain(message.error);
      end.pump.end('closed');
    } else end.pump.receive(message);
  });

  /** @param {import('../channels/ring.js').Ring} ring */
  function start(ring) {
    const id = ids++;
    const { end, shape } = ring;
    const pump = end === 'sender' ? pumpOut : pumpIn;
    /** @type {import('./runs.js').Post} */
    const post = (message, transfer) => client.post('channel', { ...message, id }, transfer);
    const over = () => {
      ends.delete(id);
      ring.done?.();
    };
    ends.set(id, { ring, pump: pump(ring, post, over) });
    post({ op: 'open', end, shape });
    const { pull } = ring;
    if (!pull) ring.flush = flush;
    else {
      ring.pull = (records, waiting) => {
        flush();
        pull(records, waiting);
      };
    }
  }

  /** Of both ends of a channel that are in this thread, and it the creator, each sees at once what
   * the other has done. */
  function flush() {
    for (const { pump } of ends.values()) pump.flush();
  }

  return {
    ring: privateRing,
    start,
    flush,
    settled: () => Promise.all([...ends.values()].map(({ pump }) => pump.settled())),
    end() {
      for (const { pump } of [...ends.values()]) pump.end('closed');
    },
  };
}
