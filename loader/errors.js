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

/** @param {unknown} error @param {Code} code @returns {error is SluiceError} */
export const hasCode = (error, code) => error instanceof SluiceError && error.code === code;

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
