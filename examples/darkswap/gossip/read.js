/** A file's bytes, in Node from disk. */

/** @param {string} url @returns {Promise<Uint8Array>} */
export async function readBytes(url) {
  if (url.startsWith('file:')) {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(new URL(url)));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gave ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
