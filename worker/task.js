/** A call of a pool, from run() to its end. */

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
    /** @type {(() => void) | undefined} */
    this.onLeft = undefined;
    /** No worker does it any more. @type {(() => void) | undefined} */
    this.onGone = undefined;
    /** @type {(() => void) | undefined} */
    this.unwatch = undefined;
    /** From its abort to the end of its worker. @type {ReturnType<typeof setTimeout> | undefined} */
    this.patience = undefined;
    /** Who runs it by message. @type {import('./crew.js').Member | undefined} */
    this.member = undefined;
    /** @type {AbortController | undefined} */
    this.abort = undefined;
  }

  /** @param {(reason: unknown) => void} fail when its time is up, or its signal aborts */
  watch(fail) {
    const { signal, timeout } = this.options;
    if (signal || timeout !== undefined) this.unwatch = watch(this.options, `${this.name}()`, fail);
  }
}

const NOTHING = () => {};
