/** Sends many small records, or receives them and checks what they say. */

import { listen } from '../post.js';
import { channel, struct } from '../sdk.js';

export const record = struct({ id: 'u32', kind: 'u32', x: 'f64', y: 'f64', z: 'f64' });
export const RECORD_BYTES = 32;
const CAPACITY = 512 * 1024;

/** @param {import('sluice').Space} space */
export const openRecords = (space) =>
  channel(space, 'records', { kind: 'spsc', capacity: CAPACITY, codec: record });

/** The numbers of all records together. @param {number} count */
export const sumOf = (count) => (count * (count - 1)) / 2;

/** @type {MessagePort} */
let port;
/** @type {import('sluice').Sender<any>} */
let sender;
/** @type {import('sluice').Receiver<any>} */
let receiver;

/** Of the memory that was seen last. @type {DataView} */
let view;
/** @type {Uint8Array} */
let seen;

/** @param {Uint8Array} memory */
function look(memory) {
  seen = memory;
  view = new DataView(memory.buffer);
}

const { at } = record;
/** What the receiver has found: how many, and of what number. */
const found = { count: 0, sum: 0 };

/** @param {Uint8Array} memory @param {number} offset */
function read(memory, offset) {
  if (memory !== seen) look(memory);
  found.count++;
  found.sum += at.id(view, offset) + at.z(view, offset);
}

/** Writes records in place, from `next` on, while there is room. @param {number} next @param {number} count */
function sendWhatFits(next, count) {
  for (let id = next; id < count; id++) {
    const claim = sender.claim(RECORD_BYTES);
    if (!claim) return id;
    const { memory, offset } = claim;
    if (memory !== seen) look(memory);
    view.setUint32(offset, id, true);
    view.setUint32(offset + 4, 7, true);
    view.setFloat64(offset + 8, id, true);
    view.setFloat64(offset + 16, 1, true);
    view.setFloat64(offset + 24, 0.5, true);
    claim.commit();
  }
  return count;
}

export const recordRoles = {
  /** @param {import('sluice').Space} space @param {'sender' | 'receiver'} end @param {MessagePort} plain */
  recordsOpen(space, end, plain) {
    port = plain;
    if (end === 'sender') sender = openRecords(space).sender();
    else receiver = openRecords(space).receiver();
  },

  /** @param {unknown} _space @param {number} count */
  recordsSend(_space, count) {
    for (let next = 0; next < count; ) {
      next = sendWhatFits(next, count);
      // Not for each record that fits: it would wake for every batch that is read.
      if (next < count) sender.readySync(CAPACITY / 8);
    }
  },

  /** The same by the codec. @param {unknown} _space @param {number} count */
  recordsSendMany(_space, count) {
    return sender.sendMany(values(count));
  },

  /** @param {unknown} _space @param {number} count */
  recordsReceive(_space, count) {
    found.count = 0;
    found.sum = 0;
    while (found.count < count && receiver.readySync()) receiver.drain(read);
    return found;
  },

  /** @param {unknown} _space @param {number} count */
  plainSend(_space, count) {
    for (let id = 0; id < count; id++) port.postMessage({ id, kind: 7, x: id, y: 1, z: 0.5 });
  },

  /** @param {unknown} _space @param {number} count */
  plainReceive: (_space, count) =>
    new Promise((resolve) => {
      found.count = 0;
      found.sum = 0;
      const stop = listen(port, ({ id, z }) => {
        found.sum += id + z;
        if (++found.count < count) return;
        stop();
        resolve(found);
      });
    }),
};

/** The same object again and again: it is encoded before the next. @param {number} count */
export function* values(count) {
  const value = { id: 0, kind: 7, x: 0, y: 1, z: 0.5 };
  for (let id = 0; id < count; id++) {
    value.id = id;
    value.x = id;
    yield value;
  }
}
