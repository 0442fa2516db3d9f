/** What the messages of a job carry: their number at both ends, so that a loss, a change of order and a torn message show. */

/** Of one thread: one array, stamped again and again. @param {number} size at least 8 bytes */
export function makePayload(size) {
  const bytes = new Uint8Array(size).fill(7);
  return { bytes, stamp: (/** @type {number} */ id) => stamp(viewOf(bytes), 0, size, id) };
}

/** @param {DataView} view @param {number} offset @param {number} size @param {number} id */
export function stamp(view, offset, size, id) {
  view.setUint32(offset, id, true);
  view.setUint32(offset + size - 4, ~id, true);
}

/** @param {number} size @param {number} count */
export function makeCheck(size, count) {
  let next = 0;
  return {
    /** True with the last one. @param {DataView} view @param {number} offset @param {number} length */
    add(view, offset, length) {
      if (length !== size) throw new Error(`${length} bytes came, not ${size}`);
      const id = view.getUint32(offset, true);
      const end = ~view.getUint32(offset + size - 4, true) >>> 0;
      if (id !== next || end !== next) throw new Error(`message ${next} came as ${id}, ${end}`);
      return ++next === count;
    },
    /** Whether all have come. */
    done: () => next === count,
  };
}

/** @param {Uint8Array} bytes */
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
