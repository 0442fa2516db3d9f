/** What waits for a worker: the highest priority first, and in it the oldest. */

/** @template T */
export function makeBacklog() {
  /** Highest first. @type {{priority: number, items: Set<T>}[]} */
  const levels = [];
  let length = 0;

  /** @param {number} priority */
  function level(priority) {
    const at = levels.findIndex((one) => one.priority <= priority);
    if (levels[at]?.priority === priority) return levels[at].items;
    const made = { priority, items: /** @type {Set<T>} */ (new Set()) };
    levels.splice(at < 0 ? levels.length : at, 0, made);
    return made.items;
  }

  return {
    get length() {
      return length;
    },

    /** @param {T} item @param {number} priority */
    add(item, priority) {
      level(priority).add(item);
      length++;
    },

    /** In front of all of its priority. @param {T} item @param {number} priority */
    addFirst(item, priority) {
      const items = level(priority);
      const rest = [...items];
      items.clear();
      for (const one of [item, ...rest]) items.add(one);
      length++;
    },

    /** @returns {T | undefined} */
    take() {
      for (const { items } of levels) {
        for (const item of items) {
          items.delete(item);
          length--;
          return item;
        }
      }
      return undefined;
    },

    /** @param {T} item */
    remove(item) {
      const held = levels.some(({ items }) => items.delete(item));
      if (held) length--;
      return held;
    },
  };
}
