/** An instance of a module, or an error that names the imports that are missing or do not fit. */

import { SluiceError } from './errors.js';

/** @param {WebAssembly.Module} module @param {WebAssembly.Imports} imports */
export async function instantiate(module, imports) {
  const missing = WebAssembly.Module.imports(module).filter(
    (wanted) => /** @type {any} */ (imports[wanted.module])?.[wanted.name] === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map((one) => `${one.module}.${one.name} (${one.kind})`).join(', ');
    throw new SluiceError('load', `the module imports what was not given: ${names}; pass imports`);
  }
  try {
    return await WebAssembly.instantiate(module, imports);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError)) throw cause;
    throw new SluiceError('mismatch', `the module and its imports do not fit: ${cause.message}`, {
      cause,
    });
  }
}
