// The emitted core.wasm itself: what it must not contain, and what it must not touch.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test as nodeTest } from 'node:test';
import { clearResult, writeResult } from '../results.js';

const bytes = await readFile(new URL('../../dist/core.wasm', import.meta.url));
const module = new WebAssembly.Module(bytes);

const [GLOBAL, CODE, DATA, DATA_COUNT] = [6, 10, 11, 12];
const MUTABLE = 1;

let [started, passed] = [0, 0];

/** @param {string} name @param {() => void} run */
function test(name, run) {
  started++;
  nodeTest(name, () => {
    run();
    passed++;
  });
}

clearResult('core-wasm');
after(() => {
  const failed = started - passed;
  const { node: version } = process.versions;
  writeResult('core-wasm', { name: 'core.wasm', engine: 'node', version, passed, failed });
});

/** @param {Buffer} from @param {number} start */
function readNumber(from, start) {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    value |= (from[at] & 0x7f) << shift;
    if (from[at++] < 0x80) return { value, at };
  }
}

/** @param {number} wanted @returns {Buffer | undefined} the section's contents */
function section(wanted) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const size = readNumber(bytes, at + 1);
    if (id === wanted) return bytes.subarray(size.at, size.at + size.value);
    at = size.at + size.value;
  }
  return undefined;
}

/** The bodies of all functions. */
function functions() {
  const code = /** @type {Buffer} */ (section(CODE));
  const count = readNumber(code, 0);
  const bodies = [];
  let { at } = count;
  for (let i = 0; i < count.value; i++) {
    const size = readNumber(code, at);
    bodies.push(code.subarray(size.at, size.at + size.value));
    at = size.at + size.value;
  }
  return bodies;
}

const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
const instantiate = () =>
  /** @type {any} */ (new WebAssembly.Instance(module, { env: { memory } }).exports);

test('core.wasm has no data segments', () => {
  assert.equal(section(DATA), undefined);
  assert.equal(section(DATA_COUNT), undefined);
});

test('core.wasm has no mutable global but the stack pointer', () => {
  const globals = /** @type {Buffer} */ (section(GLOBAL));
  const count = readNumber(globals, 0);
  const kinds = [];
  let { at } = count;
  for (let i = 0; i < count.value; i++) {
    kinds.push(globals[at + 1]); // i32, mutability, i32.const, number, end
    at = readNumber(globals, at + 3).at + 1;
  }
  assert.equal(kinds.filter((kind) => kind === MUTABLE).length, 1);
});

test('core.wasm imports nothing but its memory, of any size', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), [
    { module: 'env', name: 'memory', kind: 'memory' },
  ]);
  const largest = { initial: 1, maximum: 65_536, shared: true };
  const any = new WebAssembly.Instance(module, {
    env: { memory: new WebAssembly.Memory(largest) },
  });
  assert.ok(any);
});

// V8 11.3 spoils the locals of a loop that holds a wait (core/src/futex.c).
test('the futex wait stands in one small function, in no loop', () => {
  const wait32 = Buffer.from([0xfe, 0x01]);
  const waiting = functions().filter((body) => body.includes(wait32));
  assert.equal(waiting.length, 1);
  assert.ok(waiting[0].length < 24, `its body has ${waiting[0].length} bytes`);
});

test('entering a space touches no stack: all threads still have the same', () => {
  const exports = instantiate();
  const base = exports.__heap_base.value;
  const available = memory.buffer.byteLength - base;
  exports.sluice_stack_set(0); // anything pushed from here on is out of bounds, and traps
  assert.equal(exports.sluice_space_init(base + available - 128, base, available), 0);
  const selves = [1, 2, 3].map(() => {
    const other = instantiate();
    other.sluice_stack_set(0);
    return other.sluice_thread_enter(base, available, 4096);
  });
  assert.equal(new Set(selves).size, 3);
  for (const self of selves) assert.ok(self > base && self < base + available);
});

test('entering what is no space is a status, not a trap', () => {
  const exports = instantiate();
  assert.equal(exports.sluice_thread_enter(512 * 1024, 4096, 4096), -8);
  assert.equal(exports.sluice_thread_enter(512 * 1024 + 8, 65_536, 4096), -8);
});
