/** What waits for a worker: the highest priority first, and in it the oldest. */

/** @template {{readonly priority: number}} T */
export function makeBacklog() {
  /** Highest first, none of them empty. @type {{priority: number, items: Set<T>}[]} */
  const levels = [];
  let length = 0;

  /** @param {number} priority */
  function level(priority) {
    const at = levels.findIndex((one) => one.priority <= priority);
    if (levels[at]?.priority === priority) return levels[at];
    const made = { priority, items: /** @type {Set<T>} */ (new Set()) };
    levels.splice(at < 0 ? levels.length : at, 0, made);
    return made;
  }

  const backlog = {
    length: () => length,

    /** @param {T} item */
    add(item) {
      level(item.priority).items.add(item);
      length++;
    },

    /** In front of all of their priorities, in their order. @param {T[]} items */
    addFirst(items) {
      /** @type {Map<number, T[]>} */
      const groups = new Map();
      for (const item of items) {
        const group = groups.get(item.priority);
        if (group) group.push(item);
        else groups.set(item.priority, [item]);
      }
      for (const [priority, group] of groups) {
        const at = level(priority);
        at.items = new Set([...group, ...at.items]);
      }
      length += items.length;
    },

    /** @returns {T | undefined} */
    take() {
      if (length === 0) return undefined;
      const [item] = levels[0].items;
      backlog.remove(item);
      return item;
    },

    /** All, in the order in which they would be taken. */
    all: () => levels.flatMap(({ items }) => [...items]),

    /** @param {T} item */
    remove(item) {
      const at = levels.findIndex(({ items }) => items.delete(item));
      if (at < 0) return false;
      if (levels[at].items.size === 0) levels.splice(at, 1);
      length--;
      return true;
    },
  };
  return backlog;
}
