/**
 * A call of a pool, from run() to its end.
 *
 * @typedef {{
 *   onLeft?(): void, onGone?(): void, unwatch?(): void, patience?: ReturnType<typeof setTimeout>,
 *   member?: import('./crew.js').Member, abort?: AbortController,
 * }} Rare `onGone`: no worker does it any more; `patience`: from its abort to the end of its worker; `member`: who runs
 *   it by message
 */

import { watch } from '../loader/wait.js';

/** @type {import('./caller.js').CallOptions} */
export const NO_OPTIONS = {};

export class Task {
  /**
   * @param {string} name
   * @param {unknown[]} args
   * @param {import('./caller.js').CallOptions} [options]
   */
  constructor(name, args, options = NO_OPTIONS) {
    this.name = name;
    this.args = args;
    this.options = options;
    this.priority = options.priority ?? 0;
    /** When it came, by this thread's clock. */
    this.queuedAt = 0;
    /** Whoever called has the answer. */
    this.over = false;
    /** It neither waits nor runs, for the pool. */
    this.left = false;
    /** @type {(value: any) => void} */
    this.resolve = NOTHING;
    /** @type {(reason: unknown) => void} */
    this.reject = NOTHING;
    /** In the queue of lanes.js: its slot, or -1, and its position; its id there; whether it stands for
     * a message. */
    this.slot = -1;
    this.position = 0;
    this.id = 0;
    this.standIn = false;
    /** Where its arguments lie that are too large for a slot: an address, or 0; and their bytes. */
    this.block = 0;
    this.blockBytes = 0;

    this.retries = options.retry ?? 0;
    /** What few calls have: a field of its own would cost each call. @type {Rare | undefined} */
    this.rare = undefined;
  }

  /** @returns {Rare} */
  rarely() {
    this.rare ??= {};
    return this.rare;
  }

  /** @param {(reason: unknown) => void} fail when its time is up, or its signal aborts */
  watch(fail) {
    const { signal, timeout } = this.options;
    if (signal || timeout !== undefined)
      this.rarely().unwatch = watch(this.options, `${this.name}()`, fail);
  }
}

const NOTHING = () => {};
