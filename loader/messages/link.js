/**
 * Another thread's side of the message transport: its link to the creator.
 *
 * @typedef {{
 *   readonly client: import('./hub.js').Client,
 *   connect(link: string): MessagePort, disconnect(link: string): void, leave(): void,
 *   remove(name: string): void,
 * }} Link
 */

import { keepAlive, unref } from '#platform';
import { SluiceError } from '../errors.js';
import { fromPlain } from '../plain-errors.js';

/**
 * @param {import('./own-port.js').Port} port
 * @param {() => void} onClosed the creator closed the space
 * @returns {Link}
 */
export function makeLink(port, onClosed) {
  /** @type {Map<string, (body: any) => void>} */
  const listeners = new Map();
  /** @type {Map<number, {resolve: (value: any) => void, reject: (reason: unknown) => void}>} */
  const requests = new Map();
  let ids = 0;
  let closed = false;

  const ended = () => new SluiceError('closed', 'the space was closed by its creator');

  /** @param {number} id */
  function take(id) {
    const request = requests.get(id);
    requests.delete(id);
    return request;
  }

  function end() {
    if (closed) return;
    closed = true;
    for (const id of [...requests.keys()]) take(id)?.reject(ended());
  }

  port.onmessage = ({ data }) => {
    const message = /** @type {import('../protocol.js').LinkMessage} */ (data);
    if (message.op === 'post') listeners.get(message.service)?.(message.body);
    else if (message.op === 'reply') take(message.id)?.resolve(message.value);
    else if (message.op === 'fault') take(message.id)?.reject(fromPlain(message.error));
    else if (message.op === 'ping') port.postMessage({ op: 'pong' });
    else if (message.op === 'closed') {
      // After all data: what came is still read here, and nothing can be sent any more.
      end();
      onClosed();
    }
  };
  unref(port);

  return {
    client: {
      request(service, body, transfer = []) {
        const letGo = keepAlive();
        /** @type {Promise<any>} */
        const answer = new Promise((resolve, reject) => {
          if (closed) throw ended();
          requests.set(ids, { resolve, reject });
          port.postMessage({ op: 'request', id: ids++, service, body }, transfer);
        });
        return answer.finally(letGo);
      },
      post(service, body, transfer = []) {
        port.postMessage({ op: 'post', service, body }, transfer);
      },
      on: (service, listener) => listeners.set(service, listener),
    },

    connect(link) {
      const { port1, port2 } = new MessageChannel();
      port.postMessage({ op: 'adopt', link, port: port1 }, [port1]);
      return port2;
    },

    disconnect(link) {
      port.postMessage({ op: 'disconnect', link });
    },

    remove(name) {
      port.postMessage({ op: 'remove', name });
    },

    leave() {
      port.postMessage({ op: 'leave' });
      end();
      port.close();
    },
  };
}
