/**
 * A ring as this thread sees it: found by name, or made.
 *
 * @typedef {{name: string, kind: import('./channel.js').Kind, capacity: number, codec: string}} Shape
 *   `codec`: its id
 *
 * @typedef {{
 *   thread: import('../thread.js').Thread, transport: 'shared' | 'message', shape: Shape,
 *   kind: import('./channel.js').Kind, at: number, most: number,
 *   filled: import('../bell.js').Bell, drained: import('../bell.js').Bell,
 *   received: number, lost: number, users: number,
 *   producer?: {users: number, end: any}, consumer?: {users: number, end: any},
 *   committed?: () => Promise<void> | undefined, flush?: () => void,
 *   pull?: (records: number, waiting?: boolean) => void, failure?: Error, orphan?: Error,
 *   end?: 'sender' | 'receiver', blocks?: Map<number, ArrayBuffer>, spare?: ArrayBuffer[], makeBlocks?: (ring: Ring) => import('./blocks.js').Blocks,
 *   done?: () => void, last?: Figures,
 * }} Ring `kind`: the ring's own; `most`: bytes that its space may get; `filled` rings for the
 *   receiver, `drained` for the sender; `received` and `lost` count a broadcast's records in this
 *   thread; `users`: its open ends, and the name by which this thread knows it; `producer` and `consumer`: what its senders, or receivers, share. On the message transport
 *   each end has a ring of its own, of the kind "spsc": `committed` is pending while the creator has
 *   not acknowledged what was sent so far, `flush` posts what is there, `pull` asks for so many
 *   records more (`waiting`: and somebody waits for them), `failure` says why the creator refused, `orphan` that the last at the other side died, in whose place another may come, `spare` those that can be used again, `blocks` has what records of the type BLOCK
 *   stand for and `makeBlocks` makes them, `done` is called by each of the ring's two users, and `last` has its figures after that
 *
 * @typedef {import('./channel.js').ChannelStats} Figures
 */

import { sharedBell } from '../bell.js';
import { SluiceError, statusError } from '../errors.js';
import * as layout from '../layout.js';
import { callNamed, lookUp } from '../names.js';
import { hash, otherShape, requireShape } from '../objects.js';
import * as Status from '../status.js';

export const DEFAULT_CAPACITY = 64 * 1024;

/** In the core's order, from 1 on. */
export const KINDS = /** @type {const} */ (['spsc', 'mpsc', 'mpmc', 'broadcast']);

/** Of a ring of that kind: its data, the words that its ends sleep on, those of who wakes them where it is one, the word of the reason.
 * @param {import('./channel.js').Kind} kind */
export function wordsOf(kind) {
  if (kind === 'spsc') {
    return {
      data: layout.RING_DATA,
      filled: layout.RING_CONSUMER_ASLEEP,
      drained: layout.RING_PRODUCER_ASLEEP,
      filler: layout.RING_PRODUCER_OWNER,
      drainer: layout.RING_CONSUMER_OWNER,
      reason: layout.RING_REASON,
    };
  }
  return kind === 'broadcast'
    ? {
        data: layout.BROADCAST_DATA,
        filled: layout.BROADCAST_ARRIVALS,
        drained: layout.BROADCAST_ARRIVALS,
        reason: layout.BROADCAST_REASON,
      }
    : {
        data: layout.MANY_DATA,
        filled: layout.MANY_FILLED,
        drained: layout.MANY_ROOM,
        reason: layout.MANY_REASON,
      };
}

/**
 * @param {import('../thread.js').Thread} thread
 * @param {Shape} shape
 * @param {number} most
 * @param {() => import('../bell.js').Bell} [localBell] on the message transport
 * @returns {Ring}
 */
export function openRing(thread, shape, most, localBell) {
  const { name, kind, capacity } = shape;
  const { exports } = thread;
  const { data, filled, drained, filler, drainer } = wordsOf(kind);
  const codec = hash(shape.codec);
  const offset = thread.make(data + capacity, () => {
    if (kind === 'spsc') return callNamed(thread, name, exports.sluice_ring_open, capacity, codec);
    if (kind === 'broadcast') {
      return callNamed(thread, name, exports.sluice_broadcast_open, capacity, codec);
    }
    const number = KINDS.indexOf(kind) + 1;
    return callNamed(thread, name, exports.sluice_ring_many_open, number, capacity, codec);
  });
  if (offset === 0) throw refusal(thread, shape);
  const at = thread.base + offset;
  thread.reach(at + data + capacity);
  /** @param {number} word @param {number | undefined} owner */
  const bell = (word, owner) =>
    localBell ? localBell() : sharedBell(thread, at + word, owner ? at + owner : 0);
  return {
    thread,
    transport: localBell ? 'message' : 'shared',
    shape,
    kind,
    at,
    most,
    filled: bell(filled, filler),
    drained: bell(drained, drainer),
    received: 0,
    lost: 0,
    users: 1,
    failure: undefined,
    orphan: undefined,
  };
}

/** One of its users is done. @param {Ring} ring */
export function leaveRing(ring) {
  const { thread, at } = ring;
  if (--ring.users === 0) thread.exports.sluice_object_close(thread.self, at - thread.base);
}

/**
 * @param {import('../thread.js').Thread} thread
 * @param {Shape} shape
 */
function refusal(thread, shape) {
  const status = thread.status();
  const { name, codec } = shape;
  if (status !== Status.MISMATCH) return statusError(status, `channel "${name}"`);
  const there = lookUp(thread, name);
  const word = (/** @type {number} */ offset) => thread.i32[(there + offset) >> 2];
  const kind = KINDS[word(layout.OBJECT_KIND) - 1];
  const known = kind && {
    ...shape,
    kind,
    capacity: word(layout.OBJECT_CAPACITY),
    codec: word(layout.OBJECT_CODEC) === hash(codec) ? codec : 'another',
  };
  return otherShape(name, describe(shape), known && describe(known));
}

/** @param {Shape} wanted @param {Shape} there */
export function requireSame(wanted, there) {
  requireShape(wanted.name, describe(wanted), describe(there));
}

/** @param {Shape} shape */
const describe = ({ kind, capacity, codec }) =>
  `a channel of kind ${kind} with capacity ${capacity} and codec ${codec}`;

/** Of a ring's one end. @param {string} end @param {Shape} shape */
export const taken = (end, { name, kind }) =>
  new SluiceError('mismatch', `channel "${name}" has a ${end} already, and its kind is "${kind}"`);
