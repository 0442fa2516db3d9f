/**
 * Values by key that all threads read and write: a store of the SDK on a space of its own.
 *
 * A thread makes the state; the others attach by its handle, or without one where the SDK started them.
 * Any thread may write and read at any moment: no lock is taken, so none can be left behind by a thread
 * that died, and nobody waits for another, a page neither.
 */

import { attach, create, SluiceError, store } from 'sluice';

const MEBIBYTE = 2 ** 20;

/** Keys at most. A space has to hold old and new value at once, so bytes are the usual limit. */
const KEYS = 1024;

/** @typedef {{transport?: 'message', fallback?: 'message' | 'throw'}} StateOptions as create()'s */

export class SharedMemoryState {
  /** @type {import('sluice').Store<unknown> | undefined} */
  #store;
  /** @type {import('sluice').Space | undefined} */
  #space;
  /** @type {unknown} */
  #failure;

  /**
   * @param {number | import('sluice').Space} [on] bytes of a space to be made, for the values, their
   *   keys and some 20 KB a thread; or a space that is there
   * @param {StateOptions} [options]
   */
  constructor(on = MEBIBYTE, options = {}) {
    /** Resolves once `read` knows what was there before; rejects where no space could be made. */
    this.ready = this.#open(on, options);
    this.ready.catch((error) => {
      this.#failure = error;
    });
  }

  /** @param {number | import('sluice').Space} on @param {StateOptions} options */
  async #open(on, options) {
    this.#space = typeof on === 'object' ? on : await create({ ...options, bytes: on });
    this.#store = store(this.#space, 'shared-memory-state', { entries: KEYS });
    await this.#store.ready;
  }

  /**
   * The state of another thread. It stays as it is.
   *
   * @param {import('sluice').Handle} [handle] none: of the thread that started this one by spawn()
   */
  static async attach(handle) {
    const state = new SharedMemoryState(await attach(handle));
    await state.ready;
    return state;
  }

  /** For the SDK's own functions. */
  get space() {
    if (this.#space && this.#store) return this.#space;
    throw (
      this.#failure ??
      new SluiceError('closed', 'the state is not open yet: await its `ready` first')
    );
  }

  /** To be posted to other threads, for {@link SharedMemoryState.attach}. */
  get handle() {
    return this.space.handle;
  }

  get transport() {
    return this.space.transport;
  }

  /** @returns {import('sluice').Store<unknown>} */
  get #values() {
    return this.space && /** @type {import('sluice').Store<unknown>} */ (this.#store);
  }

  /**
   * This thread reads the value at once. When the promise has resolved no death takes it back, and all
   * threads read it: over messages once they have heard of it, see {@link SharedMemoryState#sync}.
   *
   * @param {string} key
   * @param {unknown} value whatever structured clone carries, but undefined
   * @param {import('sluice').Wait} [wait]
   */
  async write(key, value, wait) {
    if (!this.#store) await this.ready;
    if (key === '') throw new TypeError('a key is a string that is not empty');
    await this.#values.set(key, value, wait);
  }

  /**
   * Resolves when this thread has heard of all that was committed before: at once where memory is
   * shared, else when the thread that made the state has answered.
   */
  async sync() {
    // Nobody has this key: it is asked for, for answers come behind what was told before.
    await this.#values.delete('');
  }

  /** A copy of the newest value: the whole of it. @param {string} key @returns {any} */
  read(key) {
    return this.#values.get(key);
  }

  /** Grows with each change of the key; 0: there is no value. @param {string} key */
  version(key) {
    return this.#values.version(key);
  }

  /** Was there a value? @param {string} key */
  async delete(key) {
    return this.#values.delete(key);
  }

  keys() {
    return [...this.#values.keys()];
  }

  /**
   * The value now, and again whenever this key has changed: the newest, not each.
   *
   * @param {string} key
   * @param {import('sluice').Wait} [wait]
   * @returns {AsyncIterableIterator<any>}
   */
  watch(key, wait) {
    return this.#values.watch(key, wait);
  }

  /** Leaves the state; for all, where this thread has made it. @param {import('sluice').Wait} [wait] */
  async close(wait) {
    await this.ready.catch(() => {});
    await this.#space?.close(wait);
  }
}
