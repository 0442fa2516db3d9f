/**
 * postMessage as it is: cloned, or the buffer transferred. Between two workers over a MessagePort; calls
 * by an id, a name and an answer, over the worker's own port.
 */

import { makePayload } from '../payload.js';
import { listen } from '../post.js';
import { makeArrivals } from './arrivals.js';

/** @param {boolean} transferred @returns {import('./pipe.js').Pipe} */
const pipe = (transferred) => ({
  name: transferred ? 'postMessage, transferred' : 'postMessage, cloned',

  link() {
    const { port1, port2 } = new MessageChannel();
    return [
      { end: { port: port1 }, transfer: [port1] },
      { end: { port: port2 }, transfer: [port2] },
    ];
  },

  sender({ port }, size) {
    const { bytes, write } = makePayload(size);
    return (count) => {
      for (let id = 0; id < count; id++) {
        write(id);
        if (!transferred) port.postMessage(bytes);
        else {
          const own = bytes.slice();
          port.postMessage(own, [own.buffer]);
        }
      }
    };
  },

  receiver({ port }, size) {
    const { arrive, receive } = makeArrivals(size);
    listen(port, arrive);
    return receive;
  },

  client({ port }, wait) {
    if (wait === 'spin') return 'a message comes by the event loop: nobody can spin for it';
    /** @type {(data: any) => void} */
    let answered = () => {};
    listen(port, (data) => answered(data));
    let own = new Uint32Array(2);
    return {
      echo: (n) =>
        new Promise((resolve) => {
          if (!transferred) {
            answered = resolve;
            port.postMessage(n);
            return;
          }
          // The same buffer goes there and back.
          answered = (data) => {
            own = data;
            resolve(own[0]);
          };
          own[0] = n;
          port.postMessage(own, [own.buffer]);
        }),
    };
  },

  server({ port }) {
    listen(port, (data) => port.postMessage(data, transferred ? [data.buffer] : []));
  },
});

export const cloned = pipe(false);
export const transferred = pipe(true);

/** Calls in flight by an id: the least that a pool by messages takes. @type {import('./calls.js').Caller} */
export const byHand = {
  name: 'postMessage, cloned',
  note: 'ids, a map of promises, workers in turn',
  load: async () => async (env, workers) => {
    const team = Array.from({ length: workers }, () => env.worker('peers/post.worker.js'));
    /** @type {Map<number, (answer: any) => void>} */
    const pending = new Map();
    let tasks = 0;
    for (const worker of team) {
      listen(worker, ({ task, value }) => {
        pending.get(task)?.(value);
        pending.delete(task);
      });
    }
    return {
      call: (name, argument) =>
        new Promise((resolve) => {
          pending.set(tasks, resolve);
          team[tasks % workers].postMessage({ task: tasks++, name, args: [argument] });
        }),
      close: async () => {
        for (const worker of team) await worker.terminate();
      },
    };
  },
};
