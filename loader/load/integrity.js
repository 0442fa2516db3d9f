/**
 * Subresource integrity, as in HTML: hashes in base64, of which those of the strongest algorithm count.
 *
 * @typedef {{algorithm: 'SHA-256' | 'SHA-384' | 'SHA-512', digest: string}} Hash
 */

import { SluiceError } from '../errors.js';

/**
 * @param {string} integrity
 * @returns {Hash[]}
 */
export function parseIntegrity(integrity) {
  const hashes = String(integrity)
    .trim()
    .split(/\s+/)
    .map((word) => {
      const parts = /^sha(256|384|512)-([\w+/-]+=*)(\?.*)?$/.exec(word);
      if (!parts) {
        throw new TypeError(
          `integrity is like "sha384-" and the hash in base64, not ${JSON.stringify(integrity)}`,
        );
      }
      const digest = parts[2].replaceAll('-', '+').replaceAll('_', '/');
      return { algorithm: /** @type {Hash['algorithm']} */ (`SHA-${parts[1]}`), digest };
    });
  const strongest = hashes.map(({ algorithm }) => algorithm).sort()[hashes.length - 1];
  return hashes.filter(({ algorithm }) => algorithm === strongest);
}

/**
 * Without crypto.subtle, which insecure contexts lack, fetch() has checked already.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Hash[]} hashes
 * @param {string} from
 */
export async function checkIntegrity(bytes, hashes, from) {
  if (!canHash()) return;
  const [{ algorithm }] = hashes;
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  const found = btoa(String.fromCharCode(...digest));
  if (hashes.some((hash) => hash.digest === found)) return;
  const name = algorithm.replace('-', '').toLowerCase();
  throw new SluiceError(
    'load',
    `${from} is not what integrity says: its hash is ${name}-${found}; if the file has changed rightly, give that`,
  );
}

export const canHash = () => globalThis.crypto?.subtle !== undefined;
