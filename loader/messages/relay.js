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
 *   receive(message: any): boolean, end(code: 'closed' | 'peer-lost'): void, finish?(): void,
 * }} End of a channel, as its thread's session sees it; `receive`: is it over then; `finish`: the space closes, and what there is
 *   has to be given away
 */

import { requireSame, taken } from '../channels/ring.js';
import { NONE } from '../channels/stats.js';
import { SluiceError } from '../errors.js';
import { toPlain } from '../to-plain.js';
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

  /** @type {import('./hub.js').Service['open']} */
  const open = ({ post: postTo }) => {
    /** @type {Map<number, End>} */
    const ends = new Map();
    const debts = makeDebts();
    return {
      receive(message) {
        const { id } = message;
        if (message.op === 'ended') debts.pay();
        if (message.op !== 'open') {
          if (ends.get(id)?.receive(message)) ends.delete(id);
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
  // Its ends go on; who opens the name from now on makes another.
  const service = { open, remove: (/** @type {string} */ name) => channels.delete(name) };
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
  const stats = { ...NONE, capacity };
  /** In the order in which they came. @type {Run[]} */
  const queue = [];
  let arrived = 0; // bytes
  /** There will be no more records. @type {{op: 'end', code: Code, reason?: any} | undefined} */
  let ended;
  /** What the first sender said that gave a reason when it closed. @type {any} */
  let why;
  /** There will be no more readers. @type {'closed' | 'peer-lost' | undefined} */
  let unread;

  /** Gives to whoever wants, in turn; to those first who wait for it. */
  function deliver() {
    for (const waiting of [true, false]) {
      for (const sink of [...sinks]) {
        if (queue.length === 0) break;
        if (sink.wants <= 0 || sink.owed > 0 || sink.waiting !== waiting) continue;
        give(sink);
        // The next has its turn first.
        sinks.delete(sink);
        sinks.add(sink);
      }
    }
    if (queue.length > 0) return;
    // Who waits gets what others took without waiting, if they still have not looked at it.
    const all = [...sinks];
    if (all.some(({ wants, waiting }) => wants > 0 && waiting)) {
      for (const sink of all) sink.yield();
    }
    // And what one has may come back, or has come back at once.
    if (!ended || queue.length > 0 || (kind === 'mpmc' && all.some(({ records }) => records > 0)))
      return;
    for (const sink of all) sink.end(ended);
  }

  /** To where it was. @param {Run} run */
  function putBack(run) {
    const at = queue.findIndex(({ from, at }) => from + at > run.from);
    queue.splice(at < 0 ? queue.length : at, 0, run);
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
    if (kind === 'broadcast') {
      source.post({ op: 'free', bytes: bytes.byteLength, spare: [] });
      for (const sink of sinks) {
        // Each gets a copy of its own, so that it can be handed over.
        const copies = blocks.map((block) => block.slice(0));
        sink.give({ bytes: bytes.slice(0), records, blocks: copies, source: undefined, end: 0 });
      }
      return;
    }
    stats.used += bytes.byteLength;
    queue.push(toRun(bytes, blocks, source, arrived));
    arrived += bytes.byteLength;
    deliver();
  }

  /** @param {Source} source @param {'closed' | 'peer-lost' | 'poisoned'} code @param {any} [reason] */
  function leave(source, code, reason) {
    why ??= reason;
    if (!sources.delete(source) || sources.size > 0) return;
    ended = { op: 'end', code, reason: code === 'closed' ? why : undefined };
    deliver();
  }

  return {
    shape,
    stats,

    send(post) {
      if ((kind === 'spsc' || kind === 'broadcast') && sources.size > 0)
        throw taken('sender', shape);
      if (ended && (kind === 'spsc' || ended.code !== 'peer-lost')) {
        throw new SluiceError('closed', `channel "${name}" was closed by its last sender`);
      }
      if (ended) {
        ended = undefined; // the last one died, and this one takes its place
        for (const sink of sinks) sink.resume();
      }
      /** @type {Source} */
      const source = { post };
      sources.add(source);
      if (unread) post({ op: 'end', code: unread });
      return {
        receive(message) {
          if (message.op === 'data') {
            post({ op: 'got' });
            // Behind a dead receiver another may come, for what is on its way to it as well.
            if (!unread || (unread === 'peer-lost' && kind !== 'spsc')) accept(message, source);
          } else if (message.op === 'end') {
            post({ op: 'ended' });
            leave(source, message.code, message.reason);
          }
          return message.op === 'end';
        },
        end: (code) => leave(source, code),
      };
    },

    receive(post) {
      if ((kind === 'spsc' || kind === 'mpsc') && sinks.size > 0) throw taken('receiver', shape);
      if (unread && (kind === 'spsc' || unread !== 'peer-lost')) {
        throw new SluiceError('closed', `channel "${name}" was closed by its last receiver`);
      }
      if (unread) {
        unread = undefined; // the last one died, and this one takes its place
        for (const source of sources) source.post({ op: 'resume' });
      }
      const sink = makeSink(post, kind, capacity, (records) => {
        stats.lost += records;
      });

      /** @param {'closed' | 'peer-lost'} code */
      function part(code) {
        if (!sinks.delete(sink)) return;
        const held = sink.settleAll();
        stats.used -= kind === 'broadcast' ? 0 : held.bytes;
        stats.lostWithReceiver += code === 'peer-lost' ? held.records : 0;
        if (kind === 'broadcast' || sinks.size > 0) {
          deliver();
          return;
        }
        unread = code;
        if (kind === 'spsc' || code === 'closed') {
          stats.used = 0;
          queue.length = 0;
        }
        for (const source of sources) source.post({ op: 'end', code });
      }

      let leaving = false;
      sinks.add(sink);
      deliver();
      return {
        receive(message) {
          if (message.op === 'want') {
            sink.wants = message.records;
            sink.waiting = message.waiting;
            deliver();
          } else if (message.op === 'free') {
            stats.received += message.records;
            stats.used -= kind === 'broadcast' ? 0 : message.bytes;
            sink.free(message.bytes, message.records, message.spare);
            if (ended) deliver();
          } else if (message.op === 'back' || message.op === 'end') {
            for (const run of sink.takeBack(message.parts)) putBack(run);
            if (message.op === 'end') sink.wants = 0;
            else if (message.seen === undefined) sink.owed--;
            else {
              sink.hasTurned(message.turns, message.seen);
              sink.wants = message.records;
            }
            leaving ||= message.op === 'end';
            // What is on its way to it comes back, where others may read it.
            if (leaving && (kind !== 'mpmc' || sink.records === 0)) {
              post({ op: 'ended' });
              part('closed');
              return true;
            }
            deliver();
          }
          return false;
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
