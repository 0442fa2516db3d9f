// The emitted core.wasm itself: what it must not contain, and what it must not touch.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, test as nodeTest } from 'node:test';
import { readMemoryImports } from '../../loader/imports.js';
import { CORE_MEMORY } from '../../loader/packaged.js';
import { clearResult, writeResult } from '../results.js';
import { readNumber, section, waits } from '../wasm-file.js';

const root = new URL('../../', import.meta.url);
const bytes = await readFile(new URL('dist/core.wasm', root));
const engine = await readFile(new URL('build/test/engine.wasm', root));
const listed = (await readFile(new URL('core/exports.txt', root), 'utf8')).trim().split('\n');
const module = new WebAssembly.Module(bytes);
const scripts = (
  await Promise.all(
    ['loader', 'worker'].map(async (folder) => {
      const files = await readdir(new URL(folder, root), { recursive: true });
      const paths = files.filter((file) => file.endsWith('.js')).map((file) => `${folder}/${file}`);
      return Promise.all(paths.map((path) => readFile(new URL(path, root), 'utf8')));
    }),
  )
)
  .flat()
  .join('\n');

const [GLOBAL, DATA, DATA_COUNT] = [6, 11, 12];
const MUTABLE = 1;
const PAGE = 65_536;
/** Where wasm-ld puts the first static, and the heap when there is none and no stack. */
const GLOBAL_BASE = 1024;

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

const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
const instantiate = (shared = memory) =>
  /** @type {any} */ (new WebAssembly.Instance(module, { env: { memory: shared } }).exports);

test('core.wasm asks for the memory that the loader takes for granted', () => {
  const memories = [{ ...CORE_MEMORY, wide: false }];
  assert.deepEqual(readMemoryImports(bytes), { done: true, memories });
});

test('core.wasm has no data segments', () => {
  assert.equal(section(bytes, DATA), undefined);
  assert.equal(section(bytes, DATA_COUNT), undefined);
});

test('core.wasm has no statics: its heap begins where they would', () => {
  assert.equal(instantiate().__heap_base.value, GLOBAL_BASE);
});

test("core.wasm has no mutable global but the stack pointer and the thread's space", () => {
  const globals = /** @type {Uint8Array} */ (section(bytes, GLOBAL));
  const count = readNumber(globals, 0);
  const kinds = [];
  let { at } = count;
  for (let i = 0; i < count.value; i++) {
    kinds.push(globals[at + 1]); // i32, mutability, i32.const, number, end
    at = readNumber(globals, at + 3).at + 1;
  }
  const mutable = kinds.filter((kind) => kind === MUTABLE).length;
  // Nothing in here asks for the space, so that an optimiser leaves it out.
  assert.ok(mutable === 1 || mutable === 2, `${mutable} mutable globals`);
});

test('core.wasm imports nothing but its memory, of any size', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), [
    { module: 'env', name: 'memory', kind: 'memory' },
  ]);
  const largest = { initial: 1, maximum: 65_536, shared: true };
  assert.ok(instantiate(new WebAssembly.Memory(largest)));
});

test('core.wasm exports what core/exports.txt lists', () => {
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const ours = exported.filter((name) => name.startsWith('sluice_'));
  assert.deepEqual(ours.sort(), listed.sort());
  assert.ok(exported.includes('__heap_base'));
});

test('core/exports.txt lists what the loader and the worker call, and no more', () => {
  const called = new Set([...scripts.matchAll(/\.(sluice_\w+)/g)].map(([, name]) => name));
  for (const [, name] of scripts.matchAll(/\bcall\('(\w+)'\)/g)) {
    called.add(`sluice_ring_${name}`).add(`sluice_ring_many_${name}`);
  }
  assert.deepEqual([...called].sort(), listed.sort());
});

// V8 11.3 spoils the locals of a loop that holds a wait (core/src/futex.c).
test('the futex wait stands in one small function, in no loop', () => {
  const found = waits(bytes);
  assert.equal(found.length, 1);
  assert.equal(found[0].loops, 0);
  assert.ok(found[0].size < 24, `its body has ${found[0].size} bytes`);
});

test("in a user's module that links the core no loop holds a wait", () => {
  const found = waits(engine); // the linker's own is there as well, for the module's data
  assert.ok(found.length > 0);
  for (const { loops } of found) assert.equal(loops, 0);
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

/**
 * Makes a space at `base`, as large as the rest of the memory, and sends a record through a ring.
 * @param {WebAssembly.Memory} large
 * @param {number} base
 */
function sendOneAt(large, base) {
  const exports = instantiate(large);
  const view = new DataView(large.buffer);
  const available = large.buffer.byteLength - base;
  const scratch = base + available - 128;
  assert.equal(exports.sluice_space_init(scratch, base, available), 0);
  new Uint8Array(large.buffer, scratch, 128).fill(0);
  const self = exports.sluice_thread_enter(base, available, 4096, 0) >>> 0;
  assert.ok(self > base && self < base + available, `entered: ${self}`);
  const area = base + view.getUint32(self + 16, true);
  exports.sluice_stack_set(area + 4096);
  const id = view.getUint32(self + 12, true);
  const ring = base + (exports.sluice_ring_open(self, area, 1, 4096, 0) >>> 0);
  const [producer, consumer] = [1, 2].map(
    () => base + (exports.sluice_space_alloc(self, 128) >>> 0),
  );
  assert.equal(exports.sluice_ring_producer_open(producer, ring, 4096, id), 0);
  assert.equal(exports.sluice_ring_consumer_open(consumer, ring, 4096, id), 0);
  const claim = exports.sluice_ring_claim(producer, 8, 0) >>> 0;
  assert.ok(claim > ring && claim < base + available);
  view.setUint32(claim, 42, true);
  assert.equal(exports.sluice_ring_commit(producer, 8), 0);
  assert.equal(exports.sluice_ring_peek(consumer) >>> 0, claim);
  assert.equal(exports.sluice_ring_release(consumer), 1);
  assert.equal(exports.sluice_participant_leave(self), 0);
}

test('a space may lie above 2 GiB, at any 128-byte aligned address', () => {
  const pages = 2 ** 31 / PAGE + 16;
  sendOneAt(
    new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true }),
    2 ** 31 + 384,
  );
});

test('a space may reach to the end of 4 GiB', () => {
  const all = new WebAssembly.Memory({ initial: 65_536, maximum: 65_536, shared: true });
  sendOneAt(all, 2 ** 32 - 2 ** 20);
});
