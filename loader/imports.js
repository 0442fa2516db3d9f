/**
 * What memory a wasm module asks for, read from its import section: JavaScript's own reflection
 * (WebAssembly.Module.imports) gives no limits.
 *
 * @typedef {{module: string, name: string, initial: number, maximum?: number, shared: boolean}} MemoryImport
 *   limits in pages of 64 KiB
 */

import { SluiceError } from './errors.js';

const IMPORT_SECTION = 2;
const [FUNCTION, TABLE, MEMORY, GLOBAL, TAG] = [0, 1, 2, 3, 4];

/**
 * @param {Uint8Array} bytes the module, or as much of it as there is
 * @returns {{done: boolean, memory?: MemoryImport}} not `done` when more bytes are needed
 */
export function readMemoryImport(bytes) {
  const reader = makeReader(bytes);
  try {
    if (reader.u32le() !== 0x6d736100) throw notWasm(bytes);
    reader.skip(4);
    while (!reader.atEnd()) {
      const id = reader.byte();
      const size = reader.leb();
      if (id === IMPORT_SECTION) return { done: true, memory: findMemory(reader) };
      if (id > IMPORT_SECTION) return { done: true };
      reader.skip(size);
    }
    return { done: false };
  } catch (error) {
    if (error === OUT_OF_BYTES) return { done: false };
    throw error;
  }
}

/** @param {ReturnType<typeof makeReader>} reader */
function findMemory(reader) {
  for (let count = reader.leb(); count > 0; count--) {
    const module = reader.text();
    const name = reader.text();
    const kind = reader.byte();
    if (kind === FUNCTION) reader.leb();
    else if (kind === GLOBAL) reader.skip(2);
    else if (kind === TAG) {
      reader.skip(1);
      reader.leb();
    } else if (kind === TABLE) {
      reader.skip(1);
      readLimits(reader);
    } else if (kind === MEMORY) return { module, name, ...readLimits(reader) };
    else
      throw new SluiceError('load', `the module's import "${name}" is of the unknown kind ${kind}`);
  }
  return undefined;
}

/** @param {ReturnType<typeof makeReader>} reader */
function readLimits(reader) {
  const flags = reader.byte();
  if (flags & 4) {
    throw new SluiceError('load', 'the module has a 64-bit memory: build it for 32 bits');
  }
  const initial = reader.leb();
  const maximum = flags & 1 ? reader.leb() : undefined;
  return { initial, maximum, shared: (flags & 2) !== 0 };
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
    atEnd: () => at >= bytes.length,
    byte: () => bytes[take(1)],
    /** @param {number} count */
    skip(count) {
      take(count);
    },
    u32le() {
      const start = take(4);
      return (
        bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24)
      );
    },
    leb() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[take(1)];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
        if (shift > 28) throw new SluiceError('load', 'the module is malformed');
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
