/**
 * What travels when the speed of transfers is measured: bytes with a number in front. Whoever is at the
 * other end answers with the same bytes and the number's complement, so that nobody can answer what he has
 * not read.
 */

export const LEAST_BYTES = 4;

/** The keys of the state by which it goes there and back. */
export const THERE = 'there';
export const BACK = 'back';

/** @param {Uint8Array} bytes */
const numberOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset);

/** The number in front. @param {Uint8Array} bytes @param {number} number */
export function stamp(bytes, number) {
  numberOf(bytes).setUint32(0, number);
  return bytes;
}

/** The other end's part. @param {Uint8Array} bytes */
export const answerTo = (bytes) => stamp(bytes, ~numberOf(bytes).getUint32(0));

/** Is it the answer to that number? @param {unknown} bytes @param {number} number */
export const answers = (bytes, number) =>
  bytes instanceof Uint8Array && ~numberOf(bytes).getUint32(0) >>> 0 === number;

/** Is all behind the number what was sent? @param {Uint8Array} sent @param {Uint8Array} came */
export const sameBytes = (sent, came) =>
  sent.length === came.length && sent.every((byte, at) => at < LEAST_BYTES || byte === came[at]);
