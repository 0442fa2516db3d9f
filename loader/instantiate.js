/** An instance of a module, or an error that names the imports that are missing or do not fit. */

import { SluiceError } from './errors.js';

/** @param {WebAssembly.Module} module @param {WebAssembly.Imports} imports */
export async function instantiate(module, imports) {
  const missing = WebAssembly.Module.imports(module).filter(
    (wanted) => /** @type {any} */ (imports[wanted.module])?.[wanted.name] === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map((one) => `${one.module}.${one.name} (${one.kind})`).join(', ');
    throw new SluiceError('load', `the module imports what is missing: ${names}; pass imports`);
  }
  try {
    return await WebAssembly.instantiate(module, imports);
  } catch (cause) {
    // WebKit's CSP lets modules be compiled, and forbids their instances.
    const forbidden = cause instanceof WebAssembly.CompileError;
    if (!forbidden && !(cause instanceof WebAssembly.LinkError)) throw cause;
    throw new SluiceError(
      forbidden ? 'load' : 'mismatch',
      `the module does not fit its imports or the CSP: ${cause.message}`,
      { cause },
    );
  }
}
