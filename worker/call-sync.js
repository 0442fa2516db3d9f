/** A call that blocks this thread, asleep, until its result is there. */

import { fromPlain, SluiceError } from '../loader/errors.js';
import { inside } from '../loader/internals.js';
import { requireBlocking } from '../loader/sync.js';
import { value as codec } from '../loader/value.js';
import { limit } from '../loader/wait.js';
import { remoteOf } from './connect.js';
import { gone } from './connection.js';
import { MAILBOX_DATA, MAILBOX_LENGTH, MAILBOX_ROOM, MAILBOX_STATE } from './shared.js';

const ROOM = 4096;
/** How often a sleeper looks whether the other thread is alive, in milliseconds. */
const LOOK = 500;

/**
 * Calls `name` and sleeps until the result is there; for a thread that may block, and a connection
 * to another thread of the same space.
 *
 * @template {import('./runner.js').Api} A
 * @template {keyof A & string} K
 * @param {import('./connect.js').Remote<A>} remote what connect() gave
 * @param {K} name
 * @param {Parameters<A[K]>} args what the codec `value` carries, or structured clone does
 * @param {import('../loader/wait.js').WaitSync} [options]
 * @returns {Awaited<ReturnType<A[K]>>}
 */
export function callSync(remote, name, args, options) {
  const { connection, space, participant } = remoteOf(remote);
  const what = `${name}()`;
  if (!space) {
    throw new SluiceError(
      'not-isolated',
      `${what}: blocking needs shared memory: connect with {space}, on the shared transport`,
    );
  }
  const { thread, transport } = inside(space);
  requireBlocking({ transport }, what);
  const end = performance.now() + limit(options?.timeout);
  if (connection.ended) throw connection.ended;

  /** Waits for the reply in a new mailbox. @param {number} room @param {(mailbox: number) => void} ask */
  function exchange(room, ask) {
    const mailbox = thread.alloc(MAILBOX_DATA + room);
    const state = (mailbox + MAILBOX_STATE) >> 2;
    Atomics.store(thread.i32, state, 0);
    thread.i32[(mailbox + MAILBOX_ROOM) >> 2] = room;
    try {
      ask(mailbox);
      wait(state);
      const length = thread.i32[(mailbox + MAILBOX_LENGTH) >> 2];
      return { length, bytes: length > room ? undefined : copyOf(mailbox + MAILBOX_DATA, length) };
    } finally {
      // Until it has replied, or the connection is gone, the other side may write there.
      if (Atomics.load(thread.i32, state) !== 0) thread.free(mailbox);
      else connection.onEnd(() => thread.free(mailbox));
    }
  }

  /** @param {number} state */
  function wait(state) {
    while (Atomics.load(thread.i32, state) === 0) {
      const left = end - performance.now();
      if (left <= 0) throw new SluiceError('timeout', `${what}: ${options?.timeout} ms passed`);
      Atomics.wait(thread.i32, state, 0, Math.min(left, LOOK));
      if (!thread.exports.sluice_participant_alive(thread.self, participant())) throw gone();
    }
  }

  /** @param {number} at @param {number} length */
  function copyOf(at, length) {
    thread.reach(at + length);
    return thread.u8.slice(at, at + length);
  }

  let id = 0;
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
  if ('error' in outcome) throw fromPlain(outcome.error);
  return /** @type {any} */ (outcome.value);
}
