/**
 * The creator's side of the message transport: it decides everything, in one order. Every other
 * thread has a link to it; the creator's own calls go to the same services, without a port.
 *
 * @typedef {{
 *   receive(body: any): unknown, end(code: 'closed' | 'peer-lost'): void, settled?(): Promise<unknown>,
 * }} Session what one thread has of one service. `receive` gives the answer to a request, or a
 *   promise of it; `end`: the thread has left, or died; `settled`: it knows all that there is to know
 * @typedef {{id: string, post(body: any, transfer?: Transferable[]): void}} From
 * @typedef {{open(from: From): Session, remove(name: string): boolean}} Service `remove`: a name is
 *   taken away; was there one?
 *
 * @typedef {{
 *   request(service: string, body: any, transfer?: Transferable[]): Promise<any>,
 *   post(service: string, body: any, transfer?: Transferable[]): void,
 *   on(service: string, listener: (body: any) => void): void,
 * }} Client a thread's way to the services; what it sends arrives in order, and so do the answers
 *
 * @typedef {import('./own-port.js').Port} Port
 *
 * @typedef {{
 *   readonly client: Client, peers(): number,
 *   connect(link: string, worker: Worker): MessagePort | 'own', adopt(link: string, port: Port, parent?: string): void,
 *   disconnect(link: string): void, settled(): Promise<void>, close(): void,
 *   remove(name: string): boolean,
 * }} Hub
 */

import { keepAlive, portsTell, unref } from '#platform';
import { toPlain } from '../to-plain.js';
import { below, ownPort } from './own-port.js';

/**
 * @param {Record<string, Service>} services
 * @returns {Hub}
 */
export function makeHub(services) {
  /** @typedef {{port?: Port, parent?: string, sessions: Map<string, Session>, heard?: () => void}} Link */
  /** @type {Map<string, Link>} */
  const links = new Map();
  /** @type {Map<string, (body: any) => void>} */
  const listeners = new Map();
  /** @type {Link} */
  const own = { sessions: new Map() };

  /** @param {string} service @param {any} body */
  const tellOwn = (service, body) => listeners.get(service)?.(body);

  /** @param {string} service @param {any} body */
  const post = (service, body) => sessionOf(own, 'creator', service).receive(body);

  /** @param {Link} link @param {string} id @param {string} name @returns {Session} */
  function sessionOf({ port, sessions }, id, name) {
    let session = sessions.get(name);
    if (!session) {
      /** @type {From['post']} */
      const postTo = (body, transfer = []) =>
        port
          ? port.postMessage({ op: 'post', service: name, body }, transfer)
          : tellOwn(name, body);
      session = services[name].open({ id, post: postTo });
      sessions.set(name, session);
    }
    return session;
  }

  /** @param {Port} port @param {number} id @param {() => unknown} work */
  async function answer(port, id, work) {
    try {
      port.postMessage({ op: 'reply', id, value: await work() });
    } catch (error) {
      port.postMessage({ op: 'fault', id, error: toPlain(error) });
    }
  }

  /** @param {Link} link */
  async function settle(link) {
    // What the thread opened before it answers is open here when it has answered.
    await new Promise((resolve) => {
      link.heard = () => resolve(undefined);
      if (link.port) link.port.postMessage({ op: 'ping' });
      else link.heard();
    });
    await Promise.all([...link.sessions.values()].map((session) => session.settled?.()));
  }

  /** @param {string} id @param {'closed' | 'peer-lost'} code */
  function part(id, code) {
    const link = links.get(id);
    links.delete(id);
    for (const session of link?.sessions.values() ?? []) session.end(code);
    link?.port?.close();
    link?.heard?.();
    // A worker's own workers die with it, and then nobody else tells.
    if (code === 'peer-lost') {
      for (const [child, { parent }] of links) if (parent === id) part(child, code);
    }
  }

  /** @type {Hub} */
  const hub = {
    client: {
      request: async (service, body) => post(service, body),
      post,
      on: (service, listener) => listeners.set(service, listener),
    },

    peers: () => links.size,

    connect(id, worker) {
      if (!portsTell()) {
        hub.adopt(id, ownPort(below(worker), 'link'));
        return 'own';
      }
      const { port1, port2 } = new MessageChannel();
      hub.adopt(id, port1);
      return port2;
    },

    adopt(id, port, parent) {
      /** @type {Link} */
      const link = { port, parent, sessions: new Map() };
      links.set(id, link);
      port.onmessage = ({ data }) => {
        // Firefox may deliver what was there when the port was closed: nobody would take back what
        // the dead thread got by it.
        if (links.get(id) !== link) return;
        const message = /** @type {import('../protocol.js').LinkMessage} */ (data);
        if (message.op === 'post') sessionOf(link, id, message.service).receive(message.body);
        else if (message.op === 'request') {
          answer(port, message.id, () =>
            sessionOf(link, id, message.service).receive(message.body),
          );
        } else if (message.op === 'adopt') hub.adopt(message.link, message.port, id);
        else if (message.op === 'disconnect') hub.disconnect(message.link);
        else if (message.op === 'remove') hub.remove(message.name);
        else if (message.op === 'leave') part(id, 'closed');
        else if (message.op === 'pong') link.heard?.();
      };
      // Where ports tell that their other side is gone (Node, Chromium), that is the first to know.
      port.addEventListener('close', () => part(id, 'peer-lost'));
      unref(port);
    },

    disconnect: (id) => part(id, 'peer-lost'),

    remove: (name) =>
      Object.values(services)
        .map((service) => service.remove(name))
        .includes(true),

    async settled() {
      const letGo = keepAlive();
      await Promise.all([own, ...links.values()].map(settle));
      letGo();
    },

    close() {
      for (const session of own.sessions.values()) session.end('closed');
      for (const [id, { port }] of links) {
        port?.postMessage({ op: 'closed' });
        part(id, 'closed');
      }
    },
  };
  return hub;
}
