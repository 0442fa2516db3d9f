/**
 * One value of a fixed size over shared memory: the core's cell. Readers copy it out and wait for
 * nobody; a writer that dies leaves the last value whole. A tenth of what an entry of a store costs.
 */

import { keepAlive } from '#platform';
import { sleepOn } from '../bell.js';
import { SluiceError, statusError } from '../errors.js';
import * as layout from '../layout.js';
import { now } from '../linger.js';
import { gone, hash, openNamed } from '../objects.js';
import * as Status from '../status.js';

/** Above that a second slot costs more than it gives. */
export const LARGEST = 65536;
/** How often to try again when others were in the way, and how long where a thread may not sleep. */
const TRIES = 100;
const PATIENCE = 1000;

/**
 * @param {import('../thread.js').Thread} thread
 * @param {import('../objects.js').Entry} named
 * @param {import('../codec.js').Codec<any>} codec
 * @param {number} bytes of each value
 * @returns {import('./shared.js').One}
 */
export function fixedCell(thread, named, codec, bytes) {
  let { exports } = thread;
  const what = `cell "${named.name}"`;
  const size = exports.sluice_cell_bytes(bytes, 0);
  const at = openNamed(thread, named, size, exports.sluice_cell_open, bytes, 0, hash(codec.id));
  // The view, the value's length and version, and a copy of the value.
  const view = thread.alloc(layout.CELL_VIEW_BYTES + 16 + bytes);
  const length = view + layout.CELL_VIEW_BYTES;
  const copy = length + 16;
  exports.sluice_cell_attach(view, at, bytes, 0, thread.participant);
  named.close = () => {
    thread.free(view);
    exports = gone(what);
  };

  /** What read() gives, the same each time: an audio worklet's process() is to make no garbage.
   * @type {{version: number, value: any}} */
  const found = { version: 0, value: undefined };

  /** Changes that wait for other writers; those after them have to stay behind. */
  let waiting = 0;
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();

  const version = () => Number(exports.sluice_cell_version(view));

  /** @param {number} written @param {number | undefined} expected @returns {number} */
  const write = (written, expected) =>
    expected === undefined
      ? exports.sluice_cell_write(view, copy, written, 0n)
      : exports.sluice_cell_replace(view, BigInt(expected), copy, written, 0n);

  /** Another writes, in the middle of a copy; or it has died there. @param {number} written @param {number | undefined} expected */
  function persist(written, expected) {
    const end = now() + PATIENCE;
    for (;;) {
      const status = write(written, expected);
      if (status !== Status.BUSY) return status;
      if (now() > end) return Status.AGAIN;
    }
  }

  /** @param {Uint8Array} value @param {number | undefined} expected */
  async function inTurn(value, expected) {
    for (;;) {
      thread.u8.set(value, copy);
      const status = write(value.length, expected);
      if (status !== Status.BUSY) return settle(status);
      const word = exports.sluice_cell_turn_sleep(view);
      await sleepOn(thread, at + layout.CELL_LOCK, word);
    }
  }

  /** @param {Uint8Array} value @param {number | undefined} expected */
  function later(value, expected) {
    waiting++;
    const letGo = keepAlive();
    const change = last
      .then(() => inTurn(value, expected))
      .finally(() => {
        waiting--;
        letGo();
      });
    last = change.catch(() => {});
    return change;
  }

  /** @param {number} status */
  function settle(status) {
    if (status !== Status.OK && status !== Status.MISMATCH) throw statusError(status, what);
    return { done: status === Status.OK, version: version() };
  }

  return {
    transport: 'shared',
    ready: Promise.resolve(),
    version,

    read() {
      for (let left = TRIES; ; left--) {
        const status = exports.sluice_cell_read(view, copy, bytes, length, length + 8);
        if (status === Status.EMPTY) return undefined;
        if (status === Status.OK) {
          const word = (length + 8) >> 2;
          found.version = (thread.i32[word] >>> 0) + (thread.i32[word + 1] >>> 0) * 2 ** 32;
          found.value = codec.decode(thread.u8, copy, thread.i32[length >> 2]);
          return found;
        }
        if (status !== Status.AGAIN || left === 0) throw statusError(status, what);
      }
    },

    put(_key, value, expected, sync) {
      if (codec.size(value) > bytes) throw tooLarge(what, bytes);
      const written = codec.encode(value, thread.u8, copy);
      const status = waiting > 0 ? Status.BUSY : write(written, expected);
      if (status !== Status.BUSY) return settle(status);
      return sync
        ? settle(persist(written, expected))
        : later(thread.u8.slice(copy, copy + written), expected);
    },

    async changed(_key, since) {
      const word = exports.sluice_cell_sleep(view, BigInt(since));
      await sleepOn(thread, at + layout.CELL_CHANGED, word);
    },
  };
}

/** @param {string} what @param {number} bytes */
const tooLarge = (what, bytes) =>
  new SluiceError('too-large', `${what}: its codec says that each value takes ${bytes} bytes`);
