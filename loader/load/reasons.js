/** Why a module does not compile or start, for a person. */

import { SluiceError } from '../errors.js';

/**
 * @param {string} from
 * @param {unknown} cause
 * @param {import('../imports.js').MemoryImport[]} [memories] that it imports
 */
export function compileError(from, cause, memories = []) {
  const text = String(/** @type {any} */ (cause)?.message);
  return new SluiceError('load', `${from} ${why(text, memories)}`, { cause });
}

/** @param {string} text @param {import('../imports.js').MemoryImport[]} memories */
function why(text, memories) {
  if (!globalThis.WebAssembly)
    return 'needs WebAssembly, which is turned off here (Lockdown Mode?)';
  if (/content.security|\bcsp\b/i.test(text)) {
    return "may not be compiled here: the page's Content-Security-Policy has to say script-src 'wasm-unsafe-eval'";
  }
  if (memories.some(({ wide }) => wide)) {
    return 'imports a 64-bit memory, which this engine does not know: build it for 32 bits';
  }
  if (memories.length > 1) {
    return `imports ${memories.length} memories, and this engine knows modules with one`;
  }
  return 'does not compile: it is truncated or damaged, or uses what this engine does not know (a 64-bit memory, several memories, a new instruction)';
}

/** @param {string} from @param {unknown} cause @returns {unknown} */
export function startError(from, cause) {
  if (cause instanceof SluiceError) {
    return new SluiceError(cause.code, `${from}: ${cause.message}`, { cause: cause.cause });
  }
  const text = /** @type {any} */ (cause)?.message ?? String(cause);
  return new SluiceError('load', `${from} did not start: ${text}`, {
    cause,
  });
}

/** @param {string} from @param {unknown} cause */
export const unreachable = (from, cause) =>
  new SluiceError(
    'load',
    `${from} cannot be fetched (offline, another origin without CORS, or a CSP connect-src)`,
    { cause },
  );
