/**
 * A ring as this thread sees it: found by name, or made.
 *
 * @typedef {{name: string, kind: import('./channel.js').Kind, capacity: number, codec: string}} Shape
 *   `codec`: its id
 *
 * @typedef {{
 *   thread: import('../thread.js').Thread, transport: 'shared' | 'message', shape: Shape, at: number,
 *   filled: import('../bell.js').Bell, drained: import('../bell.js').Bell,
 *   committed?: () => Promise<void> | undefined, flush?: () => void,
 *   pull?: (records: number) => void, failure?: Error, lost?: number,
 *   end?: 'sender' | 'receiver', blocks?: Map<number, ArrayBuffer>, done?: () => void, last?: ReturnType<typeof ringStats>,
 * }} Ring `filled` rings for the receiver, `drained` for the sender. On the message transport each
 *   end has a ring of its own: `committed` is pending while the creator has not acknowledged what
 *   was sent so far, `flush` posts what is there, `pull` asks for so many records more, `failure`
 *   says why the creator refused, `lost` counts what a broadcast overwrote, `blocks` has what
 *   records of the type BLOCK stand for, `done` is called by each of the ring's two users, and `last`
 *   has its figures after that.
 */

import { localBell, sharedBell } from '../bell.js';
import { SluiceError, Status, statusError } from '../errors.js';
import * as layout from '../layout.js';
import { hash } from '../objects.js';

export const DEFAULT_CAPACITY = 64 * 1024;

/**
 * @param {import('../thread.js').Thread} thread
 * @param {'shared' | 'message'} transport
 * @param {Shape} shape
 * @param {string} [mark] tells apart the two rings that one thread may have under a name where each
 *   thread has its own memory: what it sends and what it receives
 * @returns {Ring}
 */
export function openRing(thread, transport, shape, mark = '') {
  const { capacity } = shape;
  const name = mark + shape.name;
  const codec = hash(shape.codec);
  const open = () =>
    thread.withText(name, (at, bytes) =>
      thread.exports.sluice_ring_open(thread.self, at, bytes, capacity, codec),
    );
  let offset = open();
  if (
    offset === 0 &&
    thread.status() === Status.NO_MEMORY &&
    thread.grow(layout.RING_DATA + capacity)
  ) {
    offset = open();
  }
  if (offset === 0) throw refusal(thread, shape, name);
  const at = thread.base + (offset >>> 0);
  thread.reach(at + layout.RING_DATA + capacity);
  /** @param {number} word */
  const bell = (word) => (transport === 'shared' ? sharedBell(thread, at + word) : localBell());
  return {
    thread,
    transport,
    shape,
    at,
    filled: bell(layout.RING_CONSUMER_ASLEEP),
    drained: bell(layout.RING_PRODUCER_ASLEEP),
  };
}

let rings = 0;

/**
 * A ring that only this thread knows.
 *
 * @param {import('../thread.js').Thread} thread
 * @param {Shape} shape
 * @param {'sender' | 'receiver'} end that uses it
 * @returns {Ring}
 */
export function privateRing(thread, shape, end) {
  const { exports, self, base } = thread;
  const ring = openRing(thread, 'message', { ...shape, name: `>${rings++}` });
  // It lives on without its name until it is closed.
  thread.withText(ring.shape.name, (at, bytes) => exports.sluice_directory_remove(self, at, bytes));
  let users = 2;
  return {
    ...ring,
    shape,
    end,
    blocks: new Map(),
    done() {
      if (--users > 0) return;
      this.last = ringStats(thread, ring.at);
      exports.sluice_object_close(self, ring.at - base);
    },
  };
}

/**
 * @param {import('../thread.js').Thread} thread
 * @param {Shape} shape
 * @param {string} name
 */
function refusal(thread, shape, name) {
  const status = thread.status();
  const { codec } = shape;
  if (status !== Status.MISMATCH) return statusError(status, `channel "${shape.name}"`);
  const there = thread.withText(name, (at, bytes) =>
    thread.exports.sluice_directory_find(thread.self, at, bytes),
  );
  const words = (thread.base + (there >>> 0)) >> 2;
  return mismatch(shape, {
    ...shape,
    capacity: thread.i32[words + layout.OBJECT_CAPACITY / 4],
    codec: thread.i32[words + layout.OBJECT_CODEC / 4] === hash(codec) ? codec : 'another',
  });
}

/** @param {Shape} wanted @param {Shape} there */
export function requireSame(wanted, there) {
  const same = ['kind', 'capacity', 'codec'].every(
    (key) => /** @type {any} */ (wanted)[key] === /** @type {any} */ (there)[key],
  );
  if (!same) throw mismatch(wanted, there);
}

/** @param {Shape} wanted @param {Shape} there */
const mismatch = (wanted, there) =>
  new SluiceError(
    'mismatch',
    `channel "${wanted.name}" exists as ${describe(there)}, but was opened as ${describe(wanted)}: use the same options in every thread`,
  );

/** @param {Shape} shape */
const describe = ({ kind, capacity, codec }) =>
  `${kind} with capacity ${capacity} and codec ${codec}`;

/**
 * @param {import('../thread.js').Thread} thread
 * @param {number} at
 */
export function ringStats(thread, at) {
  const figures = new BigUint64Array(thread.memory.buffer, at, layout.RING_DATA / 8);
  /** @param {number} offset */
  const figure = (offset) => Number(figures[offset / 8]);
  return {
    sent: figure(layout.RING_SENT),
    received: figure(layout.RING_RECEIVED),
    refused: figure(layout.RING_REFUSED),
    lost: 0,
    lostWithReceiver: 0,
    waits: figure(layout.RING_SENDER_WAITS) + figure(layout.RING_RECEIVER_WAITS),
    used: thread.exports.sluice_ring_used(at) >>> 0,
    capacity: thread.i32[(at + layout.OBJECT_CAPACITY) >> 2],
  };
}
