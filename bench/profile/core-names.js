/** What the functions of dist/core.wasm are called: as shipped it has no names, so they come from the same module with them. */

import { readFileSync } from 'node:fs';

/** @param {string} file from the root */
const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url));

/** The names of a module's functions, by their number: of its section "name". @param {WebAssembly.Module} module */
function namesOf(module) {
  const bytes = Buffer.from(WebAssembly.Module.customSections(module, 'name')[0]);
  let at = 0;
  function number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
  /** @type {Map<number, string>} */
  const names = new Map();
  const FUNCTIONS = 1;
  while (at < bytes.length) {
    const [kind, length] = [number(), number()];
    const end = at + length;
    if (kind === FUNCTIONS) {
      for (let count = number(); count > 0; count--) {
        const [index, size] = [number(), number()];
        names.set(index, bytes.toString('utf8', at, at + size));
        at += size;
      }
    }
    at = end;
  }
  return names;
}

/** Node does not say which module it was: there is no other without names. */
const MAY_BE_CORE = /^wasm:|\/core\.wasm$/;

/** @returns {(frame: import('./profiles.js').CallFrame) => string} */
export function coreNames() {
  const [core, named] = [read('dist/core.wasm'), read('build/bench/core-names.wasm')];
  if (!named.subarray(0, core.length).equals(core)) {
    throw new Error('build/bench/core-names.wasm is not dist/core.wasm with names behind it');
  }
  const names = namesOf(new WebAssembly.Module(named));
  return ({ functionName, url }) => {
    const index = /^wasm-function\[(\d+)\]$/.exec(functionName)?.[1];
    return (index && MAY_BE_CORE.test(url) && names.get(Number(index))) || functionName;
  };
}
