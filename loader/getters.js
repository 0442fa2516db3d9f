/**
 * Objects with getters. A literal that has one is a dictionary to V8, which then looks some ten nanoseconds for each
 * method that is called: so getters are of a prototype, the same for all objects of a kind.
 */

const GETTERS = /* @__PURE__ */ Symbol('getters');

/** @param {...string} names of the getters that a kind of object has @returns {object} its prototype */
export function gettersOf(...names) {
  /** @type {any} */
  const prototype = {};
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      enumerable: true,
      configurable: true,
      get() {
        return this[GETTERS][name]();
      },
    });
  }
  return prototype;
}

/**
 * @template T
 * @template {{[K in keyof T]?: () => T[K]}} G
 * @param {object} prototype
 * @param {G} getters one for each name of the prototype
 * @param {NoInfer<Omit<T, keyof G>>} own all else
 * @returns {T}
 */
export const withGetters = (prototype, getters, own) =>
  Object.defineProperty(Object.assign(Object.create(prototype), own), GETTERS, { value: getters });
