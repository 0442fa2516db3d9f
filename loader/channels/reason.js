/**
 * Why a sender closed, for its receiver: the error that it gave to close(), as JSON in a block of the
 * space that the ring keeps.
 */

import { SluiceError } from '../errors.js';
import { fromPlain, kindOf } from '../plain-errors.js';
import { decoder, encoder } from '../utf8.js';
import { wordsOf } from './ring.js';

/** A longer message or stack is cut: a reason is for people. */
const LONGEST = 2000;

/** @typedef {Extract<import('../plain-errors.js').PlainError, {message: string}>} Reason */

/** @param {unknown} reason @returns {Reason | undefined} */
export function plainReason(reason) {
  if (reason === undefined) return undefined;
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const { name, message, stack } = error;
  const { code } = /** @type {any} */ (error);
  return {
    kind: kindOf(error),
    name,
    message: message.slice(0, LONGEST),
    stack: stack?.slice(0, LONGEST),
    fields: typeof code === 'string' ? { code } : {},
  };
}

/**
 * Closes a sender's end of a ring.
 *
 * @param {import('./ring.js').Ring} ring
 * @param {number} producer
 * @param {Reason | undefined} reason
 */
export function closeRing({ thread, kind, at }, producer, reason) {
  const { exports, self, base } = thread;
  const bytes = encoder().encode(reason ? JSON.stringify(reason) : '');
  const block = bytes.length > 0 ? keep(thread, bytes) : 0;
  const offset = block && block - base;
  if (kind === 'spsc') {
    exports.sluice_ring_producer_close_for(producer, self, offset, bytes.length);
    return;
  }
  if (offset !== 0) exports.sluice_message_reason(self, at - base, offset);
  if (kind === 'broadcast') exports.sluice_broadcast_writer_close(producer);
  else exports.sluice_ring_many_producer_close(producer);
}

/** @param {import('../thread.js').Thread} thread @param {Uint8Array} bytes @returns {number} */
function keep(thread, bytes) {
  try {
    const at = thread.alloc(bytes.length);
    thread.u8.set(bytes, at);
    return at;
  } catch {
    return 0; // a full space closes all the same, without saying why
  }
}

/** @param {import('./ring.js').Ring} ring @returns {Reason | undefined} */
export function readReason({ thread, at, kind }) {
  const { exports, self, base } = thread;
  const offset = thread.i32[(at + wordsOf(kind).reason) >> 2] >>> 0;
  if (offset === 0) return undefined;
  const start = base + offset;
  const end = start + (exports.sluice_slab_bytes(self, offset) >>> 0);
  thread.reach(end);
  try {
    return JSON.parse(decoder().decode(thread.u8.slice(start, end)));
  } catch {
    return undefined; // overwritten
  }
}

/**
 * What a receiver gets at the end.
 *
 * @param {import('./ring.js').Ring} ring
 */
export function endOf(ring) {
  const reason = readReason(ring);
  const what = `channel "${ring.shape.name}"`;
  return reason
    ? new SluiceError('closed', `${what} was closed by its sender: ${reason.message}`, {
        cause: fromPlain(reason),
      })
    : new SluiceError(
        'closed',
        `${what} has ended: its sender, or its space, was closed and all is read`,
      );
}
