/**
 * Errors as plain data: no engine carries an error's own fields through a structured clone, and not all
 * its cause.
 *
 * @typedef {{
 *   kind: string, name: string, message: string, stack?: string, cause?: PlainError,
 *   fields?: Record<string, unknown>, errors?: PlainError[],
 * } | {thrown: unknown}} PlainError `kind`: the class that it is made of again; `fields`: its own;
 *   `errors`: an AggregateError's;
 *   `thrown`: what is no error
 */

import { SluiceError } from './errors.js';

/** Classes that an error may be made of again in another thread, beside Error. */
const CLASSES = [
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

/** Error for all others. @param {string} name @returns {new (message?: string, options?: ErrorOptions) => Error} */
export const classOf = (name) =>
  CLASSES.includes(name) ? /** @type {any} */ (globalThis)[name] : Error;

/** The class that it is made of again. @param {Error} error */
export const kindOf = (error) =>
  error instanceof SluiceError
    ? 'SluiceError'
    : globalThis.DOMException && error instanceof DOMException
      ? 'DOMException'
      : (CLASSES.find((name) => error instanceof classOf(name)) ?? 'Error');

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
    return new SluiceError(
      /** @type {import('./errors.js').Code} */ (fields?.code),
      message,
      options,
    );
  }
  if (kind === 'DOMException') return new DOMException(message, name);
  return new (classOf(kind))(message, options);
}

/** @param {object} error @param {string} key @param {unknown} value */
const define = (error, key, value) =>
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
