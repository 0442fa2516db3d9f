/**
 * Peers: each is another client at the other end of two ports, one for the calls of each side. They
 * gossip messages, and make swaps.
 *
 * @typedef {{calls: MessagePort, answers: MessagePort}} LinkEnd
 * @typedef {{
 *   hello(): Promise<string> | string,
 *   untilGone(): Promise<void>,
 *   gossip(messages: Uint8Array[]): Promise<import('./inbox.js').Answer>,
 *   offer(order: string, amount: string, address: string): Promise<{trade: string, psbt: Uint8Array}>,
 *   agree(trade: string, psbt: Uint8Array): Promise<Uint8Array>,
 *   settle(trade: string, transaction: Uint8Array): Promise<void>,
 *   abandon(trade: string, why: string): Promise<void>,
 * }} PeerApi `hello` gives the address that the other trades with
 */

import { connect, serve, withOptions } from 'sluice';
import { ROOM } from './inbox.js';

/** Milliseconds that a peer has for an answer. */
const PATIENCE = 10_000;
/** Two ends of a link, one for each client; their ports may be posted to where the client is. */
export function peerLink() {
  const [there, back] = [new MessageChannel(), new MessageChannel()];
  return /** @type {[LinkEnd, LinkEnd]} */ ([
    { calls: there.port1, answers: back.port1 },
    { calls: back.port2, answers: there.port2 },
  ]);
}

/**
 * @param {(peer: string) => Omit<PeerApi, 'untilGone'>} serving what a peer may call
 * @param {(event: import('./types.js').ClientEvent) => void} tell
 */
export function makePeers(serving, tell) {
  /** @typedef {{id: string, address: string, remote: PeerApi, ahead: number, dropped: number}} Peer */
  /** @type {Map<string, Peer>} */
  const peers = new Map();
  let last = 0;
  /** @type {() => void} */
  let leave = () => {};
  /** @type {Promise<void>} */
  const left = new Promise((resolve) => {
    leave = resolve;
  });
  /** Of the lines that are there, also of those whose peer has not answered yet. @type {Set<() => Promise<void>>} */
  const open = new Set();

  return {
    /**
     * @param {LinkEnd} end
     * @returns {Promise<string>} the peer's id, once it has answered
     */
    async connect({ calls, answers }) {
      const id = `peer-${++last}`;
      serve({ ...serving(id), untilGone: () => left }, answers);
      const line = /** @type {any} */ (connect(calls));
      const close = async () => {
        open.delete(close);
        await line[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
        calls.close();
        answers.close();
      };
      open.add(close);
      try {
        const remote = /** @type {PeerApi} */ (withOptions(line, { timeout: PATIENCE }));
        const address = String(await remote.hello());
        peers.set(id, { id, address, remote, ahead: 0, dropped: 0 });
      } catch (error) {
        await close();
        throw error;
      }
      tell({ type: 'peerConnected', peerId: id });
      const gone = () => {
        if (!peers.delete(id)) return;
        tell({ type: 'peerDisconnected', peerId: id });
        close();
      };
      line.untilGone().then(gone, gone);
      return id;
    },

    /** @param {string} address */
    at: (address) => [...peers.values()].find((peer) => peer.address === address),

    /** @param {string} id */
    get: (id) => peers.get(id),

    /**
     * Sends messages to all, or all but one, and waits for none: who is too slow loses them, counted.
     * @param {Uint8Array[]} messages
     * @param {string} [except]
     */
    gossip(messages, except) {
      for (const peer of peers.values()) {
        if (peer.id === except) continue;
        if (peer.ahead + messages.length > ROOM) {
          peer.dropped += messages.length;
          continue;
        }
        peer.ahead += messages.length;
        const arrived = () => {
          peer.ahead -= messages.length;
        };
        // A peer that is gone says so by untilGone().
        peer.remote.gossip(messages).then(arrived, arrived);
      }
    },

    stats: () =>
      [...peers.values()].map(({ id, address, ahead, dropped }) => ({
        id,
        address,
        ahead,
        dropped,
      })),

    /** Tells the peers, and lets them go. */
    async close() {
      leave();
      for (const id of [...peers.keys()]) {
        peers.delete(id);
        tell({ type: 'peerDisconnected', peerId: id });
      }
      // A turn, for the answer to untilGone() to leave.
      await new Promise((resolve) => setTimeout(resolve));
      await Promise.all([...open].map((close) => close()));
    },
  };
}

/** @typedef {ReturnType<typeof makePeers>} Peers */
