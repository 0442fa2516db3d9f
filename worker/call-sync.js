/** A call that blocks this thread, asleep, until its result is there. */

import { hasCode, SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { fromPlain } from '../loader/plain-errors.js';
import { requireBlocking } from '../loader/sync.js';
import { toPlain } from '../loader/to-plain.js';
import { value as codec } from '../loader/value.js';
import { limit, timedOut } from '../loader/wait.js';
import { unserved } from './connect.js';
import { gone } from './line.js';
import { remoteOf } from './remote.js';
import * as shared from './shared.js';

/** How often a sleeper looks whether the other thread is still there, in milliseconds. */
const PATROL = 500;

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
  const link = /** @type {import('./connect.js').Link} */ (remoteOf(remote).link);
  if (!link) throw new TypeError('callSync() takes what connect() gave');
  const { connection, space, timeout } = link;
  const what = `${name}()`;
  requireBlocking(space?.transport ?? 'shared', what);
  if (!space) {
    throw new SluiceError(
      'not-isolated',
      `${what}: blocking needs shared memory: give connect() the space that both threads are in`,
    );
  }
  const ended = connection.ended();
  if (ended) throw ended;
  const { thread } = inside(space);
  const board = connection.shared.board();
  const began = performance.now();
  const end = began + limit(options?.timeout);

  const turn = board + shared.BOARD_TURN;
  const data = 4 * board + shared.BOARD_DATA;
  let id = 0;
  let awake = false;

  /** A reply that is too long for the board. @param {number} length */
  function fetch(length) {
    const at = thread.alloc(length);
    const serial = thread.exports.sluice_slab_serial(thread.self, at - thread.base);
    try {
      Atomics.store(thread.i32, turn, id);
      connection.post({ op: 'fetch', id, at, serial });
      sleep();
      return codec.decode(thread.u8, at, length);
    } finally {
      thread.free(at); // the other side refers to it itself
    }
  }

  /** Sleeps until the turn of the call is over. */
  function sleep() {
    const { i32 } = thread;
    const looks = performance.now() + shared.LOOK;
    for (let i = 1; ; i++) {
      const state = Atomics.load(i32, turn);
      if (state === 0) return;
      if (awake && (i % 256 || performance.now() < looks)) continue;
      awake = false;
      const left = end - performance.now();
      if (left <= 0 && Atomics.compareExchange(i32, turn, id, 0) === id) {
        throw timedOut(what, options?.timeout);
      }
      Atomics.wait(i32, turn, state, Math.min(left, PATROL));
      look();
    }
  }

  /** Is there still somebody to wait for? */
  function look() {
    const other = Atomics.load(thread.i32, board + shared.BOARD_PARTICIPANT);
    if (Atomics.load(thread.i32, turn) === 0) return;
    if (other === shared.ENDED) throw new SluiceError('closed', `${what}: the other side closed`);
    if (other === 0) {
      if (performance.now() - began > timeout) throw unserved(timeout);
    } else if (!thread.exports.sluice_participant_alive(thread.self, other)) throw gone();
  }

  /**
   * Where the other side waits for it the call lies on the board: but not what only a message carries, nor a call
   * after one that went by message and of which nobody has said that it came.
   *
   * @type {import('./protocol.js').Post}
   */
  function tell(message, transfer) {
    ({ id } = /** @type {import('./protocol.js').Invoke} */ (message));
    Atomics.store(thread.i32, turn, id);
    if (id !== link.next || transfer?.length || !leave(message)) connection.post(message, transfer);
  }

  /** @param {unknown} message @returns {boolean} whether it is taken */
  function leave(message) {
    const asked = board + shared.BOARD_ASKED;
    const { i32 } = thread;
    if (Atomics.load(i32, asked) >= 0) return false;
    try {
      const length = codec.size(message);
      if (length > shared.BOARD_ROOM) return false;
      codec.encode(message, thread.u8, data);
      awake = Atomics.compareExchange(i32, asked, shared.AWAKE, length) === shared.AWAKE;
      // It may have gone to sleep meanwhile.
      if (!awake && Atomics.compareExchange(i32, asked, shared.ASLEEP, length) !== shared.ASLEEP)
        return false;
      Atomics.notify(i32, asked);
      return true;
    } catch {
      return false; // a message may carry it, or says what does not go
    }
  }

  try {
    connection.invoke(name, args, tell);
    sleep();
    link.next = id + 1;
    const length = thread.i32[board + shared.BOARD_LENGTH];
    const outcome = /** @type {import('./runner.js').Outcome} */ (
      length > shared.BOARD_ROOM ? fetch(length) : codec.decode(thread.u8, data, length)
    );
    if ('value' in outcome) return /** @type {any} */ (outcome.value);
    throw fromPlain(outcome.error);
  } catch (error) {
    if (hasCode(error, 'timeout')) {
      connection.post({ op: 'cancel', id, reason: toPlain(error) });
    }
    throw error;
  }
}
