/** One end of a peer's link, in a worker. */

import { measureEcho } from '../latency.js';
import { pipeOf, streamOf } from '../peers/pipe.js';

/** What is open in this worker, by the link's label. @type {Map<string, any>} */
const open = new Map();

/** Messages of 64 bytes that any ring holds, so that nobody waits; and how often. */
const [ALONE, ALONE_TURNS] = [4000, 100];

export const pipeRoles = {
  /**
   * @param {import('sluice').Space} space
   * @param {string} peer
   * @param {'sender' | 'receiver'} role
   * @param {string} label
   * @param {any} end
   * @param {number} size
   */
  pipeStream(space, peer, role, label, end, size) {
    if (open.has(label)) throw new Error(`${label} is open already`);
    const make = /** @type {any} */ (streamOf(peer)[role]);
    open.set(label, make(end, size, space));
  },

  /** @param {unknown} _space @param {string} label @param {number} count */
  pipeRun: (_space, label, count) => open.get(label)(count),

  /**
   * One thread sends, and then reads what it has sent: only the sending is timed.
   *
   * @param {import('sluice').Space} space
   * @param {string} peer
   * @param {number} size
   * @returns {number} a second
   */
  pipeAlone(space, peer, size) {
    const end = { label: 'alone' };
    const { sender, receiver } = /** @type {any} */ (streamOf(peer));
    if (!open.has('alone')) {
      open.set('alone', { send: sender(end, size, space), read: receiver(end, size, space) });
    }
    const { send, read } = open.get('alone');
    let ms = 0;
    for (let turn = 0; turn < ALONE_TURNS; turn++) {
      const begin = performance.now();
      send(ALONE);
      ms += performance.now() - begin;
      read(ALONE);
    }
    return (ALONE_TURNS * ALONE * 1000) / ms;
  },

  /** Every receiver gets the same, each over its link. @param {unknown} _space @param {string[]} labels @param {number} count */
  async pipeFan(_space, labels, count) {
    // Turns of less than what any ring holds: one that is full would keep the others waiting.
    for (const label of labels) await open.get(label)(count);
  },

  /**
   * Ready to answer when it answers; it may block from then on.
   *
   * @param {import('sluice').Space} space
   * @param {string} peer
   * @param {any} end
   * @param {import('../peers/pipe.js').WaitBy} wait
   */
  pipeServe(space, peer, end, wait) {
    setTimeout(() => pipeOf(peer).server(end, wait, space));
  },

  /**
   * @param {import('sluice').Space} space
   * @param {string} peer
   * @param {string} label
   * @param {any} end
   * @param {import('../peers/pipe.js').WaitBy} wait
   */
  pipeClient(space, peer, label, end, wait) {
    const client = pipeOf(peer).client(end, wait, space);
    if (typeof client === 'string') return client;
    open.set(label, client);
  },

  /** @param {unknown} _space @param {string} label @param {import('../latency.js').Amount} amount */
  pipeEcho: (_space, label, amount) => measureEcho(open.get(label), amount),

  /** @param {unknown} _space @param {string} peer @param {any} end */
  pipeStop: (_space, peer, end) => pipeOf(peer).stop?.(end),

  /** What this thread's heap holds now, where there is gc(); 0 in a browser, where a worker is not told. @param {unknown} _space @param {boolean} collect */
  pipeHeap(_space, collect) {
    if (collect) /** @type {any} */ (globalThis).gc();
    if ('WorkerGlobalScope' in globalThis) return 0;
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },

  /** Answered when nothing blocks this worker. */
  pipeTurn() {},
};
