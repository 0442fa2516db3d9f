/** A call that blocks this thread, asleep, until its result is there. */

import { fromPlain, SluiceError, toPlain } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { requireBlocking } from '../loader/sync.js';
import { value as codec } from '../loader/value.js';
import { limit } from '../loader/wait.js';
import { unserved } from './connect.js';
import { gone } from './line.js';
import { remoteOf } from './remote.js';
import * as shared from './shared.js';

const ROOM = 4096;
/** How often a sleeper looks whether the other thread is still there, in milliseconds. */
const LOOK = 500;

/**
 * Calls `name` and sleeps until the result is there; for a thread that may block, and a connection
 * to another thread of the same space.
 *
 * @template {object} R
 * @template {keyof R & string} K
 * @param {R} remote what connect() gave
 * @param {K} name
 * @param {R[K] extends (...args: infer P) => any ? P : never} args
 * @param {import('../loader/wait.js').WaitSync} [options]
 * @returns {R[K] extends (...args: any[]) => infer T ? Awaited<T> : never} what the codec `value`
 *   carries
 */
export function callSync(remote, name, args, options) {
  const { link } = remoteOf(remote);
  if (!link) throw new TypeError('callSync() takes what connect() gave');
  const { connection, space, timeout } = link;
  const what = `${name}()`;
  requireBlocking({ transport: space?.transport ?? 'shared' }, what);
  if (!space) {
    throw new SluiceError(
      'not-isolated',
      `${what}: blocking needs shared memory: give connect() the space that both threads are in`,
    );
  }
  if (connection.ended) throw connection.ended;
  const { thread } = inside(space);
  const { board } = connection.shared;
  const began = performance.now();
  const end = began + limit(options?.timeout);

  /** Waits for the reply in a new mailbox. @param {number} room @param {(mailbox: import('./protocol.js').Mailbox) => void} ask */
  function exchange(room, ask) {
    const at = thread.alloc(shared.MAILBOX_DATA + room); // zeroed
    thread.i32[(at + shared.MAILBOX_ROOM) >> 2] = room;
    try {
      ask({ at, serial: thread.exports.sluice_slab_serial(thread.self, at - thread.base) });
      sleep((at + shared.MAILBOX_STATE) >> 2);
      const length = thread.i32[(at + shared.MAILBOX_LENGTH) >> 2];
      const from = at + shared.MAILBOX_DATA;
      return { length, bytes: length > room ? undefined : thread.u8.slice(from, from + length) };
    } finally {
      thread.free(at); // the other side refers to it itself
    }
  }

  /** @param {number} state */
  function sleep(state) {
    while (Atomics.load(thread.i32, state) === 0) {
      const now = performance.now();
      if (now >= end) throw new SluiceError('timeout', `${what}: ${options?.timeout} ms passed`);
      Atomics.wait(thread.i32, state, 0, Math.min(end - now, LOOK));
      look(state);
    }
  }

  /** Is there still somebody to wait for? @param {number} mailbox */
  function look(mailbox) {
    const state = Atomics.load(thread.i32, (board + shared.BOARD_STATE) >> 2);
    const other = thread.i32[(board + shared.BOARD_PARTICIPANT) >> 2];
    if (Atomics.load(thread.i32, mailbox) !== 0) return;
    if (state === shared.UNMET && performance.now() - began > timeout) throw unserved(timeout);
    if (state === shared.ENDED) throw new SluiceError('closed', `${what}: the other side closed`);
    if (state !== shared.UNMET && !thread.exports.sluice_participant_alive(thread.self, other)) {
      throw gone();
    }
  }

  let id = 0;
  try {
    let reply = exchange(ROOM, (mailbox) => {
      id = connection.invoke(name, args, mailbox);
    });
    if (!reply.bytes) {
      reply = exchange(reply.length, (mailbox) => connection.post({ op: 'fetch', id, mailbox }));
    }
    const bytes = /** @type {Uint8Array} */ (reply.bytes);
    const outcome = /** @type {import('./runner.js').Outcome} */ (
      codec.decode(bytes, 0, bytes.length)
    );
    if ('value' in outcome) return /** @type {any} */ (outcome.value);
    throw fromPlain(outcome.error);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'timeout') {
      connection.post({ op: 'cancel', id, reason: toPlain(error) });
    }
    throw error;
  }
}
