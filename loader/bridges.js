/**
 * Shared bytes for the rest of the platform. TextDecoder, TextEncoder, Blob, Response, crypto and
 * ImageData throw on shared memory in one engine, and take its text ("1,2,3") for its bytes in another;
 * these copy where they have to. What is private already is not copied.
 */

import { encoder } from './utf8.js';

/** @param {ArrayBufferLike} buffer fixed and private: what every part of the platform takes */
const isPlain = (buffer) => buffer instanceof ArrayBuffer && !buffer.resizable;

/** @param {ArrayBufferView} view */
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/**
 * The same bytes in private memory, as a view of the same type: the view itself where its memory is
 * private, else a copy. For crypto, ImageData, and whatever else refuses shared memory.
 *
 * @template {ArrayBufferView} V
 * @param {V} view
 * @returns {V & {readonly buffer: ArrayBuffer}}
 */
export function unshared(view) {
  if (isPlain(view.buffer)) return /** @type {any} */ (view);
  const copy = new Uint8Array(view.byteLength);
  copy.set(bytesOf(view));
  // The platform's own type: a Buffer of Node would come from Node's pool.
  const type = /** @type {any} */ (view)[Symbol.toStringTag];
  return new /** @type {any} */ (globalThis)[type](copy.buffer);
}

/**
 * @param {ArrayBufferView} view
 * @param {string} [encoding]
 * @param {TextDecoderOptions} [options]
 */
export const decodeText = (view, encoding, options) =>
  new TextDecoder(encoding, options).decode(unshared(view));

/**
 * Writes UTF-8 into the view, as much of it as fits, never half a character.
 *
 * @param {string} string
 * @param {Uint8Array} view
 * @returns {{read: number, written: number}} in UTF-16 units and in bytes
 */
export function encodeText(string, view) {
  if (isPlain(view.buffer)) return encoder().encodeInto(string, view);
  const copy = new Uint8Array(Math.min(view.length, string.length * 3));
  const result = encoder().encodeInto(string, copy);
  view.set(copy.subarray(0, result.written));
  return result;
}

/** @param {ArrayBufferView} view @param {BlobPropertyBag} [options] */
export const toBlob = (view, options) => new Blob([unshared(view)], options);

/** @param {ArrayBufferView} view @param {ResponseInit} [init] */
export const toResponse = (view, init) => new Response(unshared(view), init);

/** crypto.getRandomValues() gives no more at once. */
const MOST_RANDOM = 65_536;

/**
 * Random bytes from the platform's generator, of any length.
 *
 * @template {ArrayBufferView} V
 * @param {V} view
 * @returns {V} the same
 */
export function fillRandom(view) {
  const bytes = bytesOf(view);
  const random = new Uint8Array(Math.min(bytes.length, MOST_RANDOM));
  for (let at = 0; at < bytes.length; at += random.length) {
    crypto.getRandomValues(random);
    bytes.set(random.subarray(0, bytes.length - at), at);
  }
  return view;
}
