// Small wasm modules, written by hand: each imports one memory, or makes one, and does nothing.

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [SHARED_WITH_MAXIMUM, WITH_MAXIMUM, SIXTY_FOUR_BITS] = [3, 1, 5];

/** @param {number} flags @param {number} initial @param {number} maximum */
const importing = (flags, initial, maximum) =>
  Uint8Array.from([
    ...HEADER,
    ...[2, 16, 1],
    ...[3, ...ascii('env')],
    ...[6, ...ascii('memory')],
    ...[2, flags, initial, maximum],
  ]);

/** @param {string} text */
const ascii = (text) => Array.from(text, (letter) => letter.charCodeAt(0));

/** @param {number} initial @param {number} maximum pages, below 128 */
export const sharedMemory = (initial, maximum) => importing(SHARED_WITH_MAXIMUM, initial, maximum);
export const unsharedMemory = importing(WITH_MAXIMUM, 1, 2);
export const memory64 = importing(SIXTY_FOUR_BITS, 1, 2);
export const ownMemory = Uint8Array.from([...HEADER, 5, 3, 1, 0, 1]);
export const functionImport = Uint8Array.from([
  ...HEADER,
  ...[1, 4, 1, 0x60, 0, 0],
  ...[2, 26, 2],
  ...[3, ...ascii('env'), 6, ...ascii('memory'), 2, 3, 1, 1],
  ...[3, ...ascii('env'), 3, ...ascii('log'), 0, 0],
]);
