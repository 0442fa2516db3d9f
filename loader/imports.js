/**
 * What memories a wasm module asks for, read from its import section: JavaScript's own reflection
 * (WebAssembly.Module.imports) gives no limits.
 *
 * @typedef {{
 *   module: string, name: string, initial: number, maximum?: number, shared: boolean, wide?: boolean,
 * }} MemoryImport limits in pages of 64 KiB; `wide`: its addresses have 64 bits
 */

import { SluiceError } from './errors.js';

const IMPORT_SECTION = 2;
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;
const TAG = 4;
/** References whose type is named behind them: (ref null t) and (ref t). */
const REF_NULL = 0x63;
const REF = 0x64;

/**
 * @param {Uint8Array} bytes the module, or as much of it as there is
 * @returns {{done: boolean, memories: MemoryImport[]}} not `done` when more bytes are needed
 */
export function readMemoryImports(bytes) {
  const reader = makeReader(bytes);
  /** @type {MemoryImport[]} */
  const memories = [];
  let done = false;
  try {
    reader.skip(8);
    if (String.fromCharCode(...bytes.slice(0, 4)) !== '\0asm') throw notWasm(bytes);
    while (!done) {
      const id = reader.byte();
      const size = reader.leb();
      done = id >= IMPORT_SECTION;
      if (id === IMPORT_SECTION) findMemories(reader, memories);
      else reader.skip(done ? 0 : size);
    }
  } catch (error) {
    if (error !== OUT_OF_BYTES) throw error;
    done = false;
  }
  return { done, memories };
}

/** @param {ReturnType<typeof makeReader>} reader @param {MemoryImport[]} memories */
function findMemories(reader, memories) {
  for (let count = reader.leb(); count > 0; count--) {
    const module = reader.text();
    const name = reader.text();
    const kind = reader.byte();
    if (kind === FUNCTION) reader.leb();
    else if (kind === GLOBAL) {
      skipType(reader);
      reader.skip(1);
    } else if (kind === TAG) {
      reader.skip(1);
      reader.leb();
    } else if (kind === TABLE) {
      skipType(reader);
      readLimits(reader);
    } else if (kind === MEMORY) memories.push({ module, name, ...readLimits(reader) });
    else
      throw new SluiceError('load', `the module's import "${name}" is of the unknown kind ${kind}`);
  }
}

/** @param {ReturnType<typeof makeReader>} reader */
function skipType(reader) {
  const type = reader.byte();
  if (type === REF_NULL || type === REF) reader.leb();
}

/** @param {ReturnType<typeof makeReader>} reader */
function readLimits(reader) {
  const flags = reader.byte();
  const initial = reader.leb();
  const maximum = flags & 1 ? reader.leb() : undefined;
  return { initial, maximum, shared: (flags & 2) !== 0, wide: (flags & 4) !== 0 };
}

/** @param {Uint8Array} bytes */
function notWasm(bytes) {
  const start = new TextDecoder().decode(bytes.slice(0, 32)).trim();
  const html = /^<(!doctype|html|head|body|\?xml)/i.test(start);
  return new SluiceError(
    'load',
    html
      ? 'a web page came instead of a wasm module: the server answers unknown paths with its index'
      : `not a wasm module: it starts with ${JSON.stringify(start)}`,
  );
}

const OUT_OF_BYTES = Symbol('out of bytes');

/** @param {Uint8Array} bytes */
function makeReader(bytes) {
  let at = 0;
  /** @param {number} count */
  function take(count) {
    if (at + count > bytes.length) throw OUT_OF_BYTES;
    at += count;
    return at - count;
  }
  const reader = {
    byte: () => bytes[take(1)],
    skip: take,
    leb() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[take(1)];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
        if (shift > 56) throw new SluiceError('load', 'the module is malformed');
      }
    },
    text() {
      const length = reader.leb();
      const start = take(length);
      return new TextDecoder().decode(bytes.slice(start, start + length));
    },
  };
  return reader;
}
