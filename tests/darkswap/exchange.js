// What the tests of the exchange need in Node: its engine, a session and what it comes to.
import { readFile } from 'node:fs/promises';

const root = new URL('../../', import.meta.url);

export const engine = () => readFile(new URL('build/darkswap/engine.wasm', root));

/** @typedef {{messages: number, seed: number, events: number, digest: string, codes: Record<number, number>}} Expected */

/**
 * The file of a session, which make has made, and what the reference matcher made of it.
 *
 * @param {number} messages
 * @returns {Promise<{url: string, bytes: Uint8Array, expected: Expected}>}
 */
export async function sessionOf(messages) {
  const url = new URL(`build/darkswap/session-${messages}.bin`, root);
  const result = new URL(`${url.href}.json`);
  const [bytes, text] = await Promise.all([readFile(url), readFile(result, 'utf8')]).catch(
    (cause) => {
      throw new Error(`run make build/darkswap/session-${messages}.bin.json`, { cause });
    },
  );
  return { url: url.href, bytes: new Uint8Array(bytes), expected: JSON.parse(text) };
}
