// "sluice/loader": modules as others build them: wasm-bindgen, with threads and without, and emcc.
import { equal, notEqual, ok } from './assert.js';
import { loadWasmModuleWithSharedMemory as load } from './loader-entry.js';
import { addressOf } from './modules.js';
import { ask, exportsOf, onceInNode } from './wasm-load.test.js';

const SECP = 'node_modules/tiny-secp256k1/lib/secp256k1.wasm';
const OXIPNG = 'node_modules/@jsquash/oxipng/codec/pkg-parallel/squoosh_oxipng';

/** @type {import('./env.js').Case[]} */
const cases = [
  {
    name: 'tiny-secp256k1 runs: Rust with functions among its imports, and its own memory',
    run: async (env) => {
      let numbers = 0;
      const generateInt32 = () => ++numbers;
      const imports = {
        './rand.js': { generateInt32 },
        './validate_error.js': { throwError() {} },
      };
      const loaded = await load(addressOf(env, SECP), imports);
      const wasm = exportsOf(loaded);
      equal(loaded.memory, wasm.memory);
      wasm.initializeContext();
      ok(numbers > 0, 'it asked for numbers');
      const bytes = new Uint8Array(wasm.memory.buffer);
      bytes.fill(0, wasm.PRIVATE_INPUT.value, wasm.PRIVATE_INPUT.value + 32);
      bytes[wasm.PRIVATE_INPUT.value + 31] = 1;
      equal(wasm.pointFromScalar(33), 1);
      const at = wasm.PUBLIC_KEY_INPUT.value;
      const key = Array.from(bytes.slice(at, at + 33), (byte) =>
        byte.toString(16).padStart(2, '0'),
      );
      // The public key of the private key 1: the generator of the curve.
      equal(key.join(''), '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
    },
  },
  {
    name: 'a wasm-bindgen module with threads gets its shared memory, and its own glue takes both',
    run: async (env) => {
      // The glue makes the functions when it gets the module: until then nobody calls them.
      const stubs = { wbg: new Proxy({}, { get: () => () => 0 }) };
      const limits = { initial: 18, maximum: 64 };
      const { module, memory, shared, instance } = await load(
        addressOf(env, `${OXIPNG}_bg.wasm`),
        stubs,
        limits,
      );
      equal(shared, env.isolated);
      equal(memory?.buffer.byteLength, 18 * 65_536);
      const { initSync } = await import(env.url(`${OXIPNG}.js`));
      const wasm = initSync(module, memory);
      equal(wasm.memory, memory);
      notEqual(wasm, instance.exports);
      // Two instances, as two threads have them: one heap.
      const first = wasm.__wbindgen_malloc(1000, 8) >>> 0;
      const second = exportsOf(/** @type {any} */ ({ instance })).__wbindgen_malloc(1000, 8) >>> 0;
      ok(Math.abs(first - second) >= 1000, `${first} and ${second} do not overlap`);
    },
  },
  {
    name: "what emcc links runs on the page and in a worker over one memory, which is its statics'",
    where: ({ isolated }) => isolated,
    run: async (env) => {
      const loaded = await load(addressOf(env, 'build/test/engine.wasm'));
      const { module, memory } = loaded;
      equal(loaded.shared, true);
      equal(memory?.buffer.byteLength, 1_048_576);
      equal(exportsOf(loaded).engine_counter(), 41);
      const worker = env.worker('run-module.js');
      equal(await ask(worker, { module, memory }), 42);
      equal(exportsOf(loaded).engine_counter(), 43);
      await worker.terminate();
    },
  },
  {
    name: "Emscripten's own JavaScript takes the instance that was loaded with its imports",
    run: async (env) => {
      const { default: makeModule } = await import(env.url('build/test/glue.mjs'));
      /** @type {import('../../loader/load/index.js').Loaded | undefined} */
      let loaded;
      const made = await new Promise((resolve, reject) => {
        const instantiateWasm = (
          /** @type {WebAssembly.Imports} */ imports,
          /** @type {Function} */ done,
        ) => {
          load(addressOf(env, 'build/test/glue.wasm'), imports).then((result) => {
            loaded = result;
            done(result.instance, result.module);
          }, reject);
          return {};
        };
        makeModule({ instantiateWasm }).then(resolve, reject);
      });
      equal(made._glue_next(), 7);
      equal(made._glue_next(), 8);
      equal(made.asm.memory, loaded?.memory);
    },
  },
];

export const wasmPackages = cases.map((one) => ({
  ...one,
  where: (/** @type {import('./env.js').Setting} */ setting) =>
    onceInNode(setting) && (one.where?.(setting) ?? true),
}));
