/**
 * Another thread's side of the message transport: its link to the creator.
 *
 * @typedef {{
 *   send(ring: import('./ring.js').Ring): void, receive(ring: import('./ring.js').Ring): void,
 *   connect(link: string): MessagePort, disconnect(link: string): void,
 *   settled(): Promise<void>, leave(): void,
 * }} Link
 */

import { unref } from '#platform';
import { fromPlain } from './errors.js';
import { pumpIn, pumpOut } from './pump.js';

const OWNER = 0x40000000;

/**
 * @param {MessagePort} port
 * @param {() => void} onClosed the creator closed the space
 * @returns {Link}
 */
export function makeLink(port, onClosed) {
  /** @type {Map<number, {ring: import('./ring.js').Ring, pump: import('./pump.js').Pump}>} */
  const ends = new Map();
  let ids = 0;

  /**
   * @param {import('./ring.js').Ring} ring
   * @param {'sender' | 'receiver'} end
   */
  function open(ring, end) {
    const id = ids++;
    /** @param {any} message @param {Transferable[]} [transfer] */
    const post = (message, transfer = []) => port.postMessage({ ...message, id }, transfer);
    if (end === 'sender') {
      const pump = pumpOut(ring, post, OWNER);
      ring.committed = /** @type {any} */ (pump).committed;
      ends.set(id, { ring, pump });
    } else {
      ends.set(id, { ring, pump: pumpIn(ring, post, OWNER) });
    }
    post({ op: 'open', end, shape: ring.shape });
  }

  port.onmessage = ({ data }) => {
    const message = /** @type {import('./protocol.js').LinkMessage} */ (data);
    if (message.op === 'ping') {
      port.postMessage({ op: 'pong' });
    } else if (message.op === 'closed') {
      // After all data: what came is still read here, and nothing can be sent any more.
      for (const { pump } of ends.values()) pump.end('closed');
      onClosed();
    } else if ('id' in message) {
      const end = ends.get(message.id);
      if (message.op === 'refused') {
        if (end) {
          end.ring.failure = fromPlain(message.error);
          end.pump.end('closed');
        }
      } else end?.pump.receive(/** @type {import('./protocol.js').PumpMessage} */ (message));
    }
  };
  unref(port);

  return {
    send: (ring) => open(ring, 'sender'),
    receive: (ring) => open(ring, 'receiver'),

    connect(link) {
      const { port1, port2 } = new MessageChannel();
      port.postMessage({ op: 'adopt', link, port: port1 }, [port1]);
      return port2;
    },

    disconnect(link) {
      port.postMessage({ op: 'disconnect', link });
    },

    async settled() {
      await Promise.all([...ends.values()].map(({ pump }) => pump.settled()));
    },

    leave() {
      port.postMessage({ op: 'leave' });
      port.close();
    },
  };
}
