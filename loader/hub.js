/**
 * The creator's side of the message transport. Every other thread has a link to the creator; the
 * creator's own ring is the channel, and what it has is committed.
 *
 * @typedef {{
 *   connect(link: string): MessagePort, adopt(link: string, port: MessagePort, parent?: string): void,
 *   disconnect(link: string): void, readonly peers: number, settled(): Promise<void>, close(): void,
 * }} Hub
 */

import { keepAlive, unref } from '#platform';
import { toPlain } from './errors.js';
import { pumpIn, pumpOut } from './pump.js';

/** Owners of ends that stand for another thread's; participants' ids are lower. */
const FIRST_OWNER = 0x40000000;

/**
 * @param {(shape: import('./ring.js').Shape) => import('./ring.js').Ring} ringFor
 * @returns {Hub}
 */
export function makeHub(ringFor) {
  /** @typedef {{port: MessagePort, parent?: string, pumps: Map<number, import('./pump.js').Pump>, heard?: () => void}} Link */
  /** @type {Map<string, Link>} */
  const links = new Map();
  let owners = FIRST_OWNER;

  /** @param {Link} link */
  async function settle(link) {
    // What the thread opened before it answers is open here when it has answered.
    await new Promise((resolve) => {
      link.heard = () => resolve(undefined);
      link.port.postMessage({ op: 'ping' });
    });
    await Promise.all([...link.pumps.values()].map((pump) => pump.settled()));
  }

  /** @param {string} link @param {'closed' | 'peer-lost'} code */
  function part(link, code) {
    const known = links.get(link);
    links.delete(link);
    for (const pump of known?.pumps.values() ?? []) pump.end(code);
    known?.port.close();
    known?.heard?.();
    // A worker's own workers die with it, and then nobody else tells.
    if (code === 'peer-lost') {
      for (const [child, { parent }] of links) if (parent === link) part(child, code);
    }
  }

  /** @type {Hub} */
  const hub = {
    get peers() {
      return links.size;
    },

    connect(link) {
      const { port1, port2 } = new MessageChannel();
      hub.adopt(link, port1);
      return port2;
    },

    adopt(link, port, parent) {
      /** @type {Map<number, import('./pump.js').Pump>} */
      const pumps = new Map();
      links.set(link, { port, parent, pumps });

      /** @param {import('./protocol.js').Open} message */
      function open({ id, end, shape }) {
        /** @param {any} message @param {Transferable[]} [transfer] */
        const post = (message, transfer = []) => port.postMessage({ ...message, id }, transfer);
        try {
          const ring = ringFor(shape);
          const pump = end === 'sender' ? pumpIn : pumpOut;
          pumps.set(id, pump(ring, post, owners++));
          // What was sent before the receiver came.
          if (end === 'receiver') ring.flush?.();
        } catch (error) {
          post({ op: 'refused', error: toPlain(error) });
        }
      }

      port.onmessage = ({ data }) => {
        const message = /** @type {import('./protocol.js').LinkMessage} */ (data);
        if (message.op === 'open') open(message);
        else if (message.op === 'adopt') hub.adopt(message.link, message.port, link);
        else if (message.op === 'disconnect') hub.disconnect(message.link);
        else if (message.op === 'leave') part(link, 'closed');
        else if (message.op === 'pong') links.get(link)?.heard?.();
        else if ('id' in message) {
          pumps
            .get(message.id)
            ?.receive(/** @type {import('./protocol.js').PumpMessage} */ (message));
        }
      };
      // Where ports tell that their other side is gone (Node, Chromium), that is the first to know.
      port.addEventListener('close', () => part(link, 'peer-lost'));
      unref(port);
    },

    disconnect: (link) => part(link, 'peer-lost'),

    async settled() {
      const letGo = keepAlive();
      await Promise.all([...links.values()].map(settle));
      letGo();
    },

    close() {
      for (const [link, { port }] of links) {
        port.postMessage({ op: 'closed' });
        part(link, 'closed');
      }
    },
  };
  return hub;
}
