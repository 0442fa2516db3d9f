/** Sends to the page: through a channel, or with one postMessage each. */

import { parentPort } from '../post.js';
import { bytes, channel } from '../sdk.js';
import { record, values } from './records.js';

/** For small records; what large ones take of their ring is little. */
const CAPACITY = 512 * 1024;

/** @param {import('sluice').Space} space @param {number} size bytes; 0 for the small record */
export const openMessages = (space, size) =>
  channel(space, `messages of ${size}`, {
    kind: 'spsc',
    capacity: size ? undefined : CAPACITY,
    codec: /** @type {import('sluice').Codec<any>} */ (size ? bytes : record),
  });

/** @type {Map<number, import('sluice').Sender<any>>} */
const senders = new Map();

/** The first and the last byte say the number. @param {Uint8Array} block @param {number} id */
export function stamp(block, id) {
  block[0] = id;
  block[block.length - 1] = id;
}

/** The same one again and again: it is encoded before the next. @param {number} size @param {number} count */
function* blocks(size, count) {
  const block = new Uint8Array(size);
  for (let id = 0; id < count; id++) {
    stamp(block, id);
    yield block;
  }
}

export const messageRoles = {
  /** @param {import('sluice').Space} space @param {number} size @param {number} count */
  messagesSend(space, size, count) {
    const sender = senders.get(size) ?? openMessages(space, size).sender();
    senders.set(size, sender);
    return sender.sendMany(size === 0 ? values(count) : blocks(size, count));
  },

  /** @param {unknown} _space @param {number} size @param {number} count */
  messagesPost(_space, size, count) {
    const port = parentPort();
    for (const value of size === 0 ? values(count) : blocks(size, count)) port.postMessage(value);
  },
};
