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

/** core/include/sluice/status.h. */
export const Status = /** @type {const} */ ({
  OK: 0,
  FULL: -1,
  EMPTY: -2,
  CLOSED: -3,
  TIMEOUT: -4,
  TOO_LARGE: -5,
  NO_MEMORY: -6,
  MISMATCH: -7,
  VERSION: -8,
  POISONED: -9,
  INVALID: -10,
  BUSY: -11,
  PEER_LOST: -12,
  AGAIN: -13,
  OWNER_DIED: -14,
});

/** @type {Readonly<Record<number, [Code, string]>>} */
const meanings = {
  [Status.FULL]: ['full', 'there is no room now'],
  [Status.EMPTY]: ['timeout', 'there is nothing to read now'],
  [Status.CLOSED]: ['closed', 'it is closed'],
  [Status.TIMEOUT]: ['timeout', 'the time given passed'],
  [Status.TOO_LARGE]: ['too-large', 'it is larger than this channel carries'],
  [Status.NO_MEMORY]: ['no-memory', 'the space is full: give create() more bytes, or maxBytes'],
  [Status.MISMATCH]: ['mismatch', 'the name stands for something of another kind or shape'],
  [Status.VERSION]: ['version', 'there is no space of this version of Sluice'],
  [Status.POISONED]: [
    'poisoned',
    'its shared memory was overwritten by something else; make a new space and look for the writer',
  ],
  [Status.INVALID]: ['mismatch', 'an argument is out of its range'],
  [Status.BUSY]: ['mismatch', 'it is taken'],
  [Status.PEER_LOST]: ['peer-lost', 'the thread at the other end died'],
  [Status.AGAIN]: ['timeout', 'other threads were in the way; try again'],
  [Status.OWNER_DIED]: ['owner-died', 'its last writer died while it wrote; write it again'],
};

/**
 * The error for a status that the core gave.
 *
 * @param {number} status
 * @param {string} what the thing that was acted on
 */
export function statusError(status, what) {
  const [code, why] = meanings[status] ?? ['poisoned', `the core answered ${status}`];
  return new SluiceError(code, `${what}: ${why}`);
}

/** @typedef {{code?: Code, name: string, message: string, stack?: string}} PlainError */

/**
 * An error as plain data: no engine carries an error's own `code` through a structured clone.
 *
 * @param {unknown} error
 * @returns {PlainError}
 */
export function toPlain(error) {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  return error instanceof SluiceError
    ? { code: error.code, name, message, stack }
    : { name, message, stack };
}

/** @param {PlainError} plain */
export function fromPlain(plain) {
  const error = plain.code ? new SluiceError(plain.code, plain.message) : new Error(plain.message);
  error.name = plain.name;
  if (plain.stack) error.stack = plain.stack;
  return error;
}
