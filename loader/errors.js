/**
 * One error type for all of Sluice, with a code to branch on.
 *
 * @typedef {'closed' | 'full' | 'timeout' | 'too-large' | 'no-memory' | 'not-isolated' | 'peer-lost'
 *   | 'owner-died' | 'poisoned' | 'wrong-thread' | 'mismatch' | 'version' | 'clone' | 'load'} Code
 */

export class SluiceError extends Error {
  /**
   * @param {Code} code
   * @param {string} message what happened, and what to do
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'SluiceError';
    /** @readonly @type {Code} */
    this.code = code;
  }
}

/** In the order of status.js: of -1, of -2, and on. @type {readonly (readonly [Code, string])[]} */
const meanings = [
  ['full', 'there is no room now'],
  ['timeout', 'there is nothing to read now'],
  ['closed', 'it is closed'],
  ['timeout', 'the time given passed'],
  ['too-large', 'it is larger than this channel carries'],
  [
    'no-memory',
    'the space has no room (47 threads, 256 names, its bytes): give create() more bytes, or maxBytes',
  ],
  ['mismatch', 'the name stands for something of another kind or shape'],
  ['version', 'there is no space of this version of Sluice'],
  ['poisoned', 'its shared memory was overwritten; make a new space and look for the writer'],
  ['mismatch', 'an argument is out of its range'],
  ['mismatch', 'it is taken'],
  ['peer-lost', 'the thread at the other end died'],
  ['timeout', 'other threads were in the way; try again'],
  ['owner-died', 'its last writer died while it wrote; write it again'],
];

/**
 * The error for a status that the core gave.
 *
 * @param {number} status
 * @param {string} what the thing that was acted on
 */
export function statusError(status, what) {
  const [code, why] = meanings[-1 - status] ?? ['poisoned', `the core answered ${status}`];
  return new SluiceError(code, `${what}: ${why}`);
}

/**
 * An error as plain data.
 *
 * @typedef {{
 *   kind: string, name: string, message: string, stack?: string, cause?: PlainError,
 *   fields?: Record<string, unknown>, errors?: PlainError[],
 * } | {thrown: unknown}} PlainError `kind`: the class that it is made of again; `fields`: its own;
 *   `errors`: an AggregateError's;
 *   `thrown`: what is no error
 */

/** Classes that an error may be made of again in another thread. */
const classes = () => ({
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
});

/** The class that it is made of again. @param {Error} error */
export const kindOf = (error) =>
  error instanceof SluiceError
    ? 'SluiceError'
    : globalThis.DOMException && error instanceof DOMException
      ? 'DOMException'
      : (Object.entries(classes()).findLast(([, type]) => error instanceof type)?.[0] ?? 'Error');

/** Causes of causes, so far down. */
const DEPTH = 8;

/**
 * An error as plain data: no engine carries an error's own fields through a structured clone, and
 * not all its cause.
 *
 * @param {unknown} error
 * @param {number} [depth]
 * @returns {PlainError}
 */
export function toPlain(error, depth = 0) {
  if (!(error instanceof Error)) return { thrown: clonable(error) ? error : String(error) };
  const { name, message, stack, cause } = error;
  /** @type {Record<string, unknown>} */
  const fields = {};
  for (const [key, value] of Object.entries(error)) {
    if (key !== 'name' && key !== 'cause' && clonable(value)) fields[key] = value;
  }
  const { errors } = /** @type {any} */ (error);
  const several = Array.isArray(errors) && !('errors' in fields) && depth < DEPTH;
  return {
    kind: kindOf(error),
    name,
    message,
    stack,
    cause: cause === undefined || depth === DEPTH ? undefined : toPlain(cause, depth + 1),
    fields,
    errors: several ? errors.map((one) => toPlain(one, depth + 1)) : undefined,
  };
}

/** @param {unknown} value */
function clonable(value) {
  if (typeof value !== 'object' || value === null) {
    return typeof value !== 'function' && typeof value !== 'symbol';
  }
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** @param {PlainError} plain @returns {any} the error, or what was thrown in place of one */
export function fromPlain(plain) {
  if ('thrown' in plain) return plain.thrown;
  const { kind, name, message, stack, cause, fields, errors } = plain;
  const options = cause === undefined ? undefined : { cause: fromPlain(cause) };
  const error = make(kind, name, message, fields, options);
  // A DOMException's are its prototype's.
  if (kind !== 'DOMException') {
    if (error.name !== name) define(error, 'name', name);
    Object.assign(error, fields);
  }
  if (stack) define(error, 'stack', stack);
  if (errors) define(error, 'errors', errors.map(fromPlain));
  return error;
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {string} message
 * @param {Record<string, unknown> | undefined} fields
 * @param {{cause: unknown} | undefined} options
 * @returns {Error}
 */
function make(kind, name, message, fields, options) {
  if (kind === 'SluiceError') {
    return new SluiceError(/** @type {Code} */ (fields?.code), message, options);
  }
  if (kind === 'DOMException') return new DOMException(message, name);
  const type = /** @type {any} */ (classes())[kind] ?? Error;
  return new type(message, options);
}

/** @param {object} error @param {string} key @param {unknown} value */
const define = (error, key, value) =>
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
