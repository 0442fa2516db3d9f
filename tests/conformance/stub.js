// A property that is another while a case looks.

/** @param {object} target @param {string} name @param {any} value @param {() => Promise<void>} use */
export async function replaced(target, name, value, use) {
  const original = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
  try {
    await use();
  } finally {
    if (original) Object.defineProperty(target, name, original);
    else delete (/** @type {any} */ (target)[name]);
  }
}
