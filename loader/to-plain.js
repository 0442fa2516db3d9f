/** Errors into plain data. */

import { kindOf } from './plain-errors.js';

/** Causes of causes, so far down. */
const DEPTH = 8;

/** @typedef {import('./plain-errors.js').PlainError} PlainError */

/** @param {unknown} error @param {number} [depth] @returns {PlainError} */
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
