/**
 * In a memory of its own a thread does all changes itself, and rings by hand.
 *
 * @returns {import('../bell.js').Bell}
 */
export function localBell() {
  /** @type {Promise<void> | undefined} */
  let pending;
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(() => void)[]} */
  const listeners = [];
  return {
    sleep() {
      pending ??= new Promise((r) => {
        resolve = r;
      });
      return pending;
    },
    ring() {
      pending = undefined;
      resolve();
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
