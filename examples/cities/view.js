/** @type {Uint8Array} */
let last = new Uint8Array(0);
/** @type {DataView} */
let view = new DataView(last.buffer);

/**
 * The same bytes as a DataView: the one of the last call, if that was for the same array, as it is
 * for record after record of a channel.
 *
 * @param {Uint8Array} bytes
 */
export function viewOf(bytes) {
  if (bytes !== last) {
    last = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return view;
}
