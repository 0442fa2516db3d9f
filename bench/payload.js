/** What the messages of a job carry: their number at both ends, so that a loss, a change of order and a torn message show. */

/** Up to so many bytes a message is made of fields, which its sender writes; what is longer is there already. */
const FIELDS = 256;

/** Of one thread: one array, written again and again. @param {number} size at least 8 bytes */
export function makePayload(size) {
  const bytes = new Uint8Array(size).fill(7);
  const view = viewOf(bytes);
  return { bytes, write: (/** @type {number} */ id) => writeInto(view, 0, size, id) };
}

/** Whether its sender writes all of it. @param {number} size */
export const isFields = (size) => size <= FIELDS;

/** @param {DataView} view @param {number} offset @param {number} size @param {number} id */
export function writeInto(view, offset, size, id) {
  if (size <= FIELDS) for (let at = 0; at < size; at += 8) view.setFloat64(offset + at, id, true);
  view.setUint32(offset, id, true);
  view.setUint32(offset + size - 4, ~id, true);
}

/** @param {number} size @param {number} count */
export function makeCheck(size, count) {
  let next = 0;
  // Signed, so that no word is too large for what engines keep without a place on the heap.
  /** @param {number} length @param {number} id @param {number} last @returns {boolean} true with the last one */
  function add(length, id, last) {
    if (length !== size) throw new Error(`${length} bytes came, not ${size}`);
    if (id !== next || last !== ~next) throw new Error(`message ${next} came as ${id}, ${~last}`);
    return ++next === count;
  }
  return {
    /** @param {DataView} view @param {number} offset @param {number} length */
    add: (view, offset, length) =>
      add(length, view.getInt32(offset, true), view.getInt32(offset + size - 4, true)),
    /** One that has memory of its own, without a view of it, which would be garbage. @param {Uint8Array} bytes */
    addBytes: (bytes) => add(bytes.length, wordAt(bytes, 0), wordAt(bytes, size - 4)),
    /** Whether all have come. */
    done: () => next === count,
  };
}

/** @param {Uint8Array} bytes @param {number} at */
const wordAt = (bytes, at) =>
  bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);

/** @param {Uint8Array} bytes */
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
