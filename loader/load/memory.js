/**
 * The memory that a module imports: as it declares it, within what the caller asked for.
 *
 * @typedef {{initial: number, maximum: number, shared?: boolean}} MemoryOptions pages of 64 KiB; what
 *   is left out is as the module declares it
 */

import { SluiceError } from '../errors.js';

/** @typedef {import('../imports.js').MemoryImport} MemoryImport */

const LARGEST = 65536;
const PAGE_KIB = 64;

/** From any realm. @param {unknown} value @returns {value is WebAssembly.Memory} */
export const isMemory = (value) =>
  Object.prototype.toString.call(value) === '[object WebAssembly.Memory]';

/** @param {WebAssembly.Memory} memory */
export const isShared = ({ buffer }) =>
  Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';

/** What can be said of them before the module is there. @param {MemoryOptions | undefined} options */
export function checkOptions(options) {
  if (options === undefined) return;
  const { initial, maximum } = options;
  for (const [name, pages] of Object.entries({ initial, maximum })) {
    if (pages === undefined) continue;
    if (!Number.isInteger(pages) || pages < 0 || pages > LARGEST) {
      throw new TypeError(`${name} is a number of pages, 0 to ${LARGEST}, not ${String(pages)}`);
    }
  }
  if (maximum < initial) {
    throw new SluiceError('mismatch', `maximum (${maximum} pages) is below initial (${initial})`);
  }
}

/**
 * @param {import('./fetch.js').Compiled} compiled
 * @param {WebAssembly.Imports} [imports]
 * @param {MemoryOptions} [options]
 * @returns {{imports: WebAssembly.Imports, memory?: WebAssembly.Memory}} `memory`: the one that is
 *   imported, or the first, made here or given
 */
export function withMemory({ memories, from }, imports = {}, options) {
  /** @param {MemoryImport} one */
  const given = (one) => /** @type {any} */ (imports[one.module])?.[one.name];
  const missing = memories.filter((one) => !isMemory(given(one)));
  if (missing.length === 0) {
    if (options) throw noUse(from, memories);
    return { imports, memory: memories[0] && given(memories[0]) };
  }
  const [wanted] = missing;
  const name = `${wanted.module}.${wanted.name}`;
  if (missing.length > 1) {
    const names = missing.map((one) => `${one.module}.${one.name}`).join(' and ');
    throw new SluiceError(
      'load',
      `${from} imports ${missing.length} memories, ${names}, and one can be made: pass the others in imports`,
    );
  }
  if (wanted.wide) {
    throw new SluiceError(
      'load',
      `${from} imports a 64-bit memory: pass it in imports as ${name}, or build the module for 32 bits`,
    );
  }
  const memory = make(wanted, options, from);
  const within = having(imports[wanted.module], wanted.name, memory);
  const [first] = memories;
  return {
    imports: having(imports, wanted.module, within),
    memory: first === wanted ? memory : given(first),
  };
}

/**
 * The same with one more: not a copy, for imports may be module namespaces, proxies, instances of a class.
 *
 * @param {object | undefined} base
 * @param {string} key
 * @param {unknown} value
 */
const having = (base, key, value) => Object.create(base ?? null, { [key]: { value } });

/** @param {string} from @param {MemoryImport[]} memories */
const noUse = (from, memories) =>
  new SluiceError(
    'mismatch',
    memories.length > 0
      ? 'the imports have a memory already: leave the memory options out, or the memory'
      : `memory options were given, but ${from} makes its own memory: leave them out, or link it with --import-memory`,
  );

/**
 * @param {MemoryImport} declared
 * @param {MemoryOptions | undefined} options
 * @param {string} from
 */
function make(declared, options, from) {
  const { initial = declared.initial, maximum = declared.maximum } = options ?? {};
  const asked = options?.shared;
  if (asked !== undefined && asked !== declared.shared) {
    throw mismatch(
      `shared is ${asked}`,
      `${from} imports a memory that is ${declared.shared ? '' : 'not '}shared`,
    );
  }
  if (initial < declared.initial) {
    throw mismatch(`initial is ${initial} pages`, `${from} needs at least ${declared.initial}`);
  }
  if (maximum === undefined) return allocate({ initial });
  if (initial > maximum) {
    throw mismatch(`initial is ${initial} pages`, `${from} allows at most ${maximum}`);
  }
  if (maximum > (declared.maximum ?? LARGEST)) {
    throw mismatch(`maximum is ${maximum} pages`, `${from} allows at most ${declared.maximum}`);
  }
  const { shared } = declared;
  // All of a shared maximum is reserved at once: where nobody asked for it, less will do.
  return allocate({ initial, maximum, shared }, shared && options?.maximum === undefined);
}

/** @param {string} option @param {string} module */
const mismatch = (option, module) =>
  new SluiceError('mismatch', `${option}, but ${module}: change the option or the module`);

/** @param {WebAssembly.MemoryDescriptor} limits @param {boolean} [less] a lower maximum will do */
function allocate(limits, less = false) {
  const { initial, maximum = initial } = limits;
  try {
    return new WebAssembly.Memory(limits);
  } catch (cause) {
    if (less && maximum > initial) {
      return allocate({ ...limits, maximum: Math.max(initial, maximum >> 1) }, true);
    }
    throw new SluiceError(
      'no-memory',
      `there is no memory of ${initial * PAGE_KIB} KiB (up to ${maximum * PAGE_KIB} KiB) here: ask for less`,
      { cause },
    );
  }
}
