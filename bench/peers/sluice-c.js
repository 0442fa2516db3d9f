/** Sluice where C is at an end, or at both: the same channel, opened by the C of the space's module (kernel.c). */

import { onShared } from './sluice-pipe.js';

/** @typedef {import('./pipe.js').Stream} Stream */

/** @param {import('./pipe.js').MaybeSpace} space @returns {any} */
const exportsOf = (space) => space?.exports;

/** @param {string} what @param {number} status */
function check(what, status) {
  if (status !== 0) throw new Error(`${what} gave the status ${status}`);
}

/** @type {NonNullable<Stream['sender']>} */
function sender({ number }, _size, space) {
  const { produce_open, produce } = exportsOf(space);
  check('produce_open()', produce_open(number));
  return (count) => check('produce()', produce(number, count));
}

/** @type {NonNullable<Stream['receiver']>} */
function receiver({ number }, _size, space) {
  const { consume_open, consume } = exportsOf(space);
  check('consume_open()', consume_open(number));
  return (count) => {
    const came = consume(number, count);
    if (came !== count) throw new Error(`message ${came} of ${count} came as another`);
  };
}

/** @param {string} name @param {number} number of the link, in kernel.c @param {Pick<Stream, 'sender' | 'receiver'>} ends @returns {Stream} */
function stream(name, number, ends) {
  const end = { label: name, number };
  return { name, space: 'shared', link: () => [{ end }, { end }], ...ends };
}

export const fromC = stream('from C', 0, { sender, receiver: onShared.receiver });
export const toC = stream('to C', 1, { sender: onShared.sender, receiver });
export const inC = stream('in C', 2, { sender, receiver });
