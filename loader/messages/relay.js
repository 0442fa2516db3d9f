/**
 * Channels on the message transport, at the creator: what senders sent and receivers have not
 * released. What has arrived here is committed. A service of the hub.
 *
 * @typedef {import('../channels/ring.js').Shape} Shape
 * @typedef {import('../protocol.js').ChannelMessage} Message
 * @typedef {import('./runs.js').Post} Post
 * @typedef {import('./runs.js').Source} Source
 * @typedef {import('./runs.js').Run} Run
 * @typedef {'closed' | 'peer-lost' | 'poisoned'} Code
 *
 * @typedef {{
 *   receive(message: any): void, end(code: 'closed' | 'peer-lost'): void, finish?(): void,
 * }} End of a channel, as its thread's session sees it; `finish`: the space closes, and what there is
 *   has to be given away
 */

import { requireSame } from '../channels/ring.js';
import { SluiceError, toPlain } from '../errors.js';
import { makeDebts } from './debts.js';
import { cut, toRun } from './runs.js';
import { makeSink } from './sink.js';

/**
 * @typedef {{
 *   readonly service: import('./hub.js').Service,
 *   stats(name: string): import('../channels/channel.js').ChannelStats | undefined,
 * }} Relay
 *
 * @returns {Relay}
 */
export function makeRelay() {
  /** @type {Map<string, Channel>} */
  const channels = new Map();

  /** @param {Shape} shape */
  function channelFor(shape) {
    const known = channels.get(shape.name);
    if (!known) {
      const made = makeChannel(shape);
      channels.set(shape.name, made);
      return made;
    }
    requireSame(shape, known.shape);
    return known;
  }

  /** @type {import('./hub.js').Service} */
  const service = ({ post: postTo }) => {
    /** @type {Map<number, End>} */
    const ends = new Map();
    const debts = makeDebts();
    return {
      receive(message) {
        const { id } = message;
        if (message.op === 'ended') debts.pay();
        if (message.op !== 'open') {
          ends.get(id)?.receive(message);
          if (message.op === 'end') ends.delete(id);
          return;
        }
        /** @type {Post} */
        const post = (answer, transfer) => {
          if (answer.op === 'end') debts.add();
          postTo({ ...answer, id }, transfer);
        };
        try {
          const channel = channelFor(message.shape);
          ends.set(id, message.end === 'sender' ? channel.send(post) : channel.receive(post));
        } catch (error) {
          post({ op: 'refused', error: toPlain(error) });
        }
      },
      end(code) {
        for (const end of ends.values()) end.end(code);
        debts.forgive();
      },
      settled() {
        for (const end of ends.values()) end.finish?.();
        return debts.paid();
      },
    };
  };
  return { service, stats: (name) => channels.get(name)?.stats };
}

/**
 * @typedef {{
 *   readonly shape: Shape, readonly stats: import('../channels/channel.js').ChannelStats,
 *   send(post: Post): End, receive(post: Post): End,
 * }} Channel
 *
 * @param {Shape} shape
 * @returns {Channel}
 */
function makeChannel(shape) {
  const { name, kind, capacity } = shape;
  /** @type {Set<Source>} */
  const sources = new Set();
  /** @type {Set<import('./sink.js').Sink>} */
  const sinks = new Set();
  const stats = {
    sent: 0,
    received: 0,
    refused: 0,
    lost: 0,
    lostWithReceiver: 0,
    waits: 0,
    used: 0,
    capacity,
  };
  /** @type {Run[]} */
  const queue = [];
  /** There will be no more records. @type {{op: 'end', code: Code, reason?: any} | undefined} */
  let ended;
  /** There will be no more readers. @type {'closed' | 'peer-lost' | undefined} */
  let unread;

  /** Gives to whoever wants, in turn. */
  function deliver() {
    for (const sink of sinks) {
      if (queue.length === 0) break;
      if (sink.wants <= 0) continue;
      give(sink);
      // The next has its turn first.
      sinks.delete(sink);
      sinks.add(sink);
    }
    if (queue.length === 0 && ended) for (const sink of sinks) sink.end(ended);
  }

  /** @param {import('./sink.js').Sink} sink */
  function give(sink) {
    while (sink.wants > 0 && queue.length > 0) {
      const run = queue[0];
      const part = cut(run, sink.wants);
      if (run.at === run.bytes.length) queue.shift();
      sink.give(part);
    }
  }

  /** @param {Message & {op: 'data'}} message @param {Source} source */
  function accept({ bytes, records, blocks }, source) {
    stats.sent += records;
    stats.used += bytes.byteLength;
    if (kind === 'broadcast') {
      source.post({ op: 'free', bytes: bytes.byteLength });
      for (const sink of sinks) {
        // Each gets a copy of its own, so that it can be handed over.
        const copies = blocks.map((block) => block.slice(0));
        sink.give({ bytes: bytes.slice(0), records, blocks: copies, source: undefined });
      }
      return;
    }
    queue.push(toRun(bytes, blocks, source));
    deliver();
  }

  /** @param {Source} source @param {'closed' | 'peer-lost' | 'poisoned'} code @param {any} [reason] */
  function leave(source, code, reason) {
    if (!sources.delete(source) || sources.size > 0) return;
    ended = { op: 'end', code, reason };
    deliver();
  }

  return {
    shape,
    stats,

    send(post) {
      if ((kind === 'spsc' || kind === 'broadcast') && sources.size > 0)
        throw taken('sender', shape);
      if (ended) throw new SluiceError('closed', `channel "${name}" was closed by its last sender`);
      /** @type {Source} */
      const source = { post };
      sources.add(source);
      if (unread) post({ op: 'end', code: unread });
      return {
        receive(message) {
          if (message.op === 'data') {
            post({ op: 'got' });
            if (!unread) accept(message, source);
          } else if (message.op === 'end') {
            post({ op: 'ended' });
            leave(source, message.code, message.reason);
          }
        },
        end: (code) => leave(source, code),
      };
    },

    receive(post) {
      if ((kind === 'spsc' || kind === 'mpsc') && sinks.size > 0) throw taken('receiver', shape);
      if (unread)
        throw new SluiceError('closed', `channel "${name}" was closed by its last receiver`);
      const sink = makeSink(post, kind, capacity);

      /** @param {'closed' | 'peer-lost'} code */
      function part(code) {
        if (!sinks.delete(sink)) return;
        const held = sink.settleAll();
        stats.lostWithReceiver += code === 'peer-lost' ? held : 0;
        if (kind === 'broadcast' || sinks.size > 0) {
          deliver();
          return;
        }
        unread = code;
        queue.length = 0;
        for (const source of sources) source.post({ op: 'end', code });
      }

      sinks.add(sink);
      deliver();
      return {
        receive(message) {
          if (message.op === 'want') {
            sink.wants = message.records;
            deliver();
          } else if (message.op === 'free') {
            stats.received += message.records;
            stats.used -= message.bytes;
            sink.free(message.bytes, message.records);
          } else if (message.op === 'back' || message.op === 'end') {
            if (message.bytes) queue.unshift(...sink.takeBack(message.bytes, message.blocks));
            if (message.op === 'end') {
              post({ op: 'ended' });
              part('closed');
            } else deliver();
          }
        },
        end: part,
        finish() {
          sink.finish();
          deliver();
        },
      };
    },
  };
}

/** @param {string} end @param {Shape} shape */
const taken = (end, { name, kind }) =>
  new SluiceError('mismatch', `channel "${name}" has a ${end} already, and its kind is "${kind}"`);
