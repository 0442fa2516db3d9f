/**
 * What all copies of this module in a thread have in common: a page may bundle it twice, or a server
 * load it twice, and both may work on one space. Made when it is first used, not when it is imported.
 */

/** Copies of another version stay apart. */
const KEY = /* @__PURE__ */ Symbol.for('sluice 0.1.0');

/**
 * @template T
 * @param {string} name
 * @param {() => T} make
 * @returns {() => T}
 */
export function common(name, make) {
  /** @type {T | undefined} */
  let mine;
  return () => {
    mine ??= inThread(name, make);
    return mine;
  };
}

/** @template T @param {string} name @param {() => T} make @returns {T} */
function inThread(name, make) {
  const scope = /** @type {any} */ (globalThis);
  // Not enumerable: nobody meets it who does not ask for it.
  if (!scope[KEY]) Object.defineProperty(scope, KEY, { value: new Map() });
  if (!scope[KEY].has(name)) scope[KEY].set(name, make());
  return scope[KEY].get(name);
}

const count = /* @__PURE__ */ common('ids', () => ({ last: 0 }));

/** A number that nothing else in this thread has. */
export const nextId = () => ++count().last;
