// Assertions that work in every engine without a library. Each message shows both sides.

/** @param {unknown} value */
function show(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} [${showElements(value)}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));
  } catch {
    return String(value);
  }
}

const SHOWN = 32;

/** @param {ArrayBufferView} view */
function showElements(view) {
  if (view instanceof DataView) return `${view.byteLength} bytes`;
  const elements = /** @type {Uint8Array} */ (view);
  const more = elements.length > SHOWN ? `, ... ${elements.length} in all` : '';
  return `${elements.subarray(0, SHOWN).join(', ')}${more}`;
}

/**
 * @param {string | undefined} what
 * @param {string} difference
 * @returns {never}
 */
function fail(what, difference) {
  throw new Error(what ? `${what}: ${difference}` : difference);
}

/**
 * @param {unknown} condition
 * @param {string} [what]
 * @returns {asserts condition}
 */
export function ok(condition, what) {
  if (!condition) fail(what, `expected something true, got ${show(condition)}`);
}

/**
 * The same value, by Object.is.
 * @template T
 * @param {unknown} actual
 * @param {T} expected
 * @param {string} [what]
 */
export function equal(actual, expected, what) {
  if (!Object.is(actual, expected)) fail(what, `expected ${show(expected)}, got ${show(actual)}`);
}

/**
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} [what]
 */
export function notEqual(actual, expected, what) {
  if (Object.is(actual, expected)) fail(what, `expected anything but ${show(expected)}`);
}

/** @type {(actual: unknown, expected: unknown) => boolean} */
function same(actual, expected) {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== 'object' || typeof expected !== 'object') return false;
  if (actual === null || expected === null) return false;
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  return sameContents(actual, expected);
}

/** @type {(actual: object, expected: object) => boolean} */
function sameContents(actual, expected) {
  if (actual instanceof Date) return actual.getTime() === Number(expected);
  if (actual instanceof Map || actual instanceof Set)
    return same([...actual], [.../** @type {Iterable<unknown>} */ (expected)]);
  if (actual instanceof Error)
    return same(errorFields(actual), errorFields(/** @type {Error} */ (expected)));
  const [one, other] = [Object.entries(actual), Object.entries(expected)];
  const members = new Map(other);
  return (
    one.length === other.length &&
    one.every(([key, value]) => members.has(key) && same(value, members.get(key)))
  );
}

/** @param {Error} error */
const errorFields = (error) => ({ ...error, name: error.name, message: error.message });

/**
 * The same contents: plain objects, arrays, typed arrays, dates, maps and sets in order, errors.
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} [what]
 */
export function deepEqual(actual, expected, what) {
  if (!same(actual, expected)) fail(what, `expected ${show(expected)}, got ${show(actual)}`);
}

/**
 * @param {unknown} actual
 * @param {RegExp} pattern
 * @param {string} [what]
 */
export function match(actual, pattern, what) {
  if (typeof actual !== 'string' || !pattern.test(actual))
    fail(what, `expected text like ${pattern}, got ${show(actual)}`);
}

/**
 * @typedef {string | RegExp | ((error: any) => boolean)} Expected a SluiceError's code, a pattern
 *   that its message fits, or any test of it
 */

/**
 * @param {any} error
 * @param {Expected} expected
 * @param {string} [what]
 */
function checkError(error, expected, what) {
  if (typeof expected === 'function') {
    ok(expected(error), what ?? `the error ${show(error)}`);
  } else if (typeof expected === 'string') {
    if (error?.code !== expected)
      fail(what, `expected the error code '${expected}', got '${error?.code}' (${show(error)})`);
  } else {
    match(error?.message, expected, what);
  }
  return error;
}

/**
 * @param {() => unknown} act
 * @param {Expected} expected
 * @param {string} [what]
 * @returns {any} the error
 */
export function throws(act, expected, what) {
  let value;
  try {
    value = act();
  } catch (error) {
    return checkError(error, expected, what);
  }
  return fail(what, `expected an error (${expected}), got ${show(value)}`);
}

/**
 * @param {Promise<unknown> | (() => Promise<unknown>)} promise
 * @param {Expected} expected
 * @param {string} [what]
 * @returns {Promise<any>} the error
 */
export async function rejects(promise, expected, what) {
  let value;
  try {
    value = await (typeof promise === 'function' ? promise() : promise);
  } catch (error) {
    return checkError(error, expected, what);
  }
  return fail(what, `expected a rejection (${expected}), got ${show(value)}`);
}

/**
 * Fails by itself instead of leaving the case to its deadline.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what what is awaited
 * @returns {Promise<T>}
 */
export async function within(promise, ms, what) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
