// "sluice/loader": the memory that a module imports is made as it declares it, and what contradicts the
// module, or no engine could run, is an error that says so.
import { deepEqual, equal, match, ok, rejects } from './assert.js';
import { loadWasmModuleWithSharedMemory as load } from './loader-entry.js';
import * as modules from './modules.js';
import { addressOf, answers } from './modules.js';
import { exportsOf, onceInNode } from './wasm-load.test.js';

/** @typedef {import('./env.js').Env} Env */

const isTypeError = (/** @type {unknown} */ error) => error instanceof TypeError;

/** @param {WebAssembly.Memory | undefined} memory */
const pages = (memory) => (memory?.buffer.byteLength ?? 0) / 65_536;

/** Grows to its maximum. @param {WebAssembly.Memory | undefined} memory */
function maximumOf(memory) {
  for (;;) {
    try {
      memory?.grow(1);
    } catch {
      return pages(memory);
    }
  }
}

/** @param {WebAssembly.Memory | undefined} memory */
const kindOf = (memory) => Object.prototype.toString.call(memory?.buffer);

/** Whether this engine compiles it. @param {Uint8Array<ArrayBuffer>} module */
const knows = (module) => WebAssembly.validate(module);

/** @type {import('./env.js').Case[]} */
const cases = [
  {
    name: 'memory is made as the module declares it: shared or not, and as large',
    run: async (env) => {
      const shared = await load(addressOf(env, modules.counter));
      equal(kindOf(shared.memory), '[object SharedArrayBuffer]');
      equal(pages(shared.memory), 1);
      equal(maximumOf(shared.memory), 4);
      const plain = await load(addressOf(env, modules.plainCounter));
      equal(plain.shared, false);
      equal(kindOf(plain.memory), '[object ArrayBuffer]');
      equal(maximumOf(plain.memory), 4);
      equal(exportsOf(plain).bump(), 0);
      const endless = await load(addressOf(env, modules.endlessCounter));
      equal(endless.memory?.grow(9), 1);
    },
  },
  {
    name: 'the memory options choose within what the module declares',
    run: async (env) => {
      const url = addressOf(env, modules.counter);
      const { memory } = await load(url, undefined, { initial: 2, maximum: 3, shared: true });
      equal(pages(memory), 2);
      equal(maximumOf(memory), 3);
    },
  },
  {
    name: "shared memory without a maximum takes the module's",
    run: async (env) => {
      const options = /** @type {any} */ ({ initial: 2 });
      const { memory } = await load(addressOf(env, modules.counter), undefined, options);
      equal(kindOf(memory), '[object SharedArrayBuffer]');
      equal(maximumOf(memory), 4);
    },
  },
  {
    name: 'where less room is left than a module would reserve, its memory may grow less',
    run: async (env) => {
      const { Memory } = WebAssembly;
      /** @type {number[]} */
      const tried = [];
      const wasm = /** @type {any} */ (WebAssembly);
      wasm.Memory = new Proxy(Memory, {
        construct(_, [limits]) {
          tried.push(limits.maximum);
          if (limits.maximum > 16_384) throw new RangeError('could not allocate memory');
          return new Memory(limits);
        },
      });
      try {
        const url = addressOf(env, modules.hugeCounter);
        equal(exportsOf(await load(url)).bump(), 0);
        deepEqual(tried, [65_536, 32_768, 16_384]);
        const explicit = load(url, undefined, { initial: 1, maximum: 65_536 });
        match((await rejects(explicit, 'no-memory')).message, /4194304 KiB/);
      } finally {
        wasm.Memory = Memory;
      }
    },
  },
  {
    name: 'memory options that the module contradicts are errors that name both sides',
    run: async (env) => {
      const shared = addressOf(env, modules.counter);
      const plain = addressOf(env, modules.plainCounter);
      /** @type {[string, object, RegExp][]} */
      const wrong = [
        [shared, { initial: 0, maximum: 4 }, /initial is 0 pages.*at least 1/],
        [shared, { initial: 5 }, /initial is 5 pages.*at most 4/],
        [shared, { initial: 1, maximum: 5 }, /maximum is 5 pages.*at most 4/],
        [shared, { initial: 1, maximum: 4, shared: false }, /shared is false.*that is shared/],
        [plain, { initial: 1, maximum: 4, shared: true }, /shared is true.*not shared/],
        [addressOf(env, modules.owner), { initial: 1, maximum: 4 }, /makes its own memory/],
      ];
      for (const [url, options, message] of wrong) {
        const loading = load(url, undefined, /** @type {any} */ (options));
        match((await rejects(loading, 'mismatch')).message, message);
      }
    },
  },
  {
    name: 'a maximum below initial, and pages that are none, are errors before anything is fetched',
    run: async (env) => {
      const url = addressOf(env, modules.counter);
      const below = load(url, undefined, { initial: 3, maximum: 2 });
      match(
        (await rejects(below, 'mismatch')).message,
        /maximum \(2 pages\) is below initial \(3\)/,
      );
      for (const initial of [-1, 1.5, 65_537, Number.NaN, /** @type {any} */ ('1')])
        await rejects(load(url, undefined, { initial, maximum: 4 }), isTypeError);
      equal(await answers(env, url), 0);
    },
  },
  {
    name: 'a memory among the imports is taken, and no other made',
    run: async (env) => {
      const url = addressOf(env, modules.counter);
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 3, shared: true });
      const loaded = await load(url, { env: { memory } });
      equal(loaded.memory, memory);
      exportsOf(loaded).bump();
      equal(new Int32Array(memory.buffer)[0], 1);
      const both = load(url, { env: { memory } }, { initial: 2, maximum: 3 });
      match((await rejects(both, 'mismatch')).message, /have a memory already/);
      const unfit = new WebAssembly.Memory({ initial: 2, maximum: 9, shared: true });
      match(
        (await rejects(load(url, { env: { memory: unfit } }), 'mismatch')).message,
        /does not fit its imports/,
      );
    },
  },
  {
    name: 'a memory that the module makes and exports is told',
    run: async (env) => {
      const loaded = await load(addressOf(env, modules.owner));
      equal(loaded.memory, exportsOf(loaded).memory);
      equal(loaded.shared, false);
    },
  },
  {
    name: 'imports that are missing are named, all at once; the memory is not among them',
    run: async (env) => {
      const { message } = await rejects(load(addressOf(env, modules.needy)), 'load');
      match(message, /env\.log \(function\), wasi\.exit \(function\)/);
      ok(!message.includes('env.memory'), message);
      const unfit = load(addressOf(env, modules.caller), { env: { log: 7 } });
      match((await rejects(unfit, 'mismatch')).message, /does not fit its imports/);
      const none = load(addressOf(env, modules.caller), /** @type {any} */ ({ env: 7 }));
      match((await rejects(none, 'load')).message, /env\.log/);
    },
  },
  {
    name: 'a module that traps when it starts is a "load" error with the trap',
    run: async (env) => {
      const error = await rejects(load(addressOf(env, modules.trapping)), 'load');
      match(error.message, /module\.wasm.* did not start: /);
      ok(error.cause instanceof WebAssembly.RuntimeError, 'the cause is the trap');
    },
  },
  {
    name: 'what is no wasm is a "load" error that says what came instead',
    run: async (env) => {
      const text = await rejects(load(env.fault('not-wasm.wasm')), 'load');
      match(text.message, /not-wasm\.wasm.*not a wasm module.*this is not/);
      match((await rejects(load(env.fault('html.wasm')), 'load')).message, /web page/);
      await rejects(load(addressOf(env, new Uint8Array(0))), 'load');
    },
  },
  {
    name: 'a module with two memories takes those that are given, and can have one made',
    run: async (env) => {
      const url = addressOf(env, modules.two);
      if (!knows(modules.two)) {
        match((await rejects(load(url), 'load')).message, /2 memories/);
        return;
      }
      match((await rejects(load(url), 'load')).message, /env\.first and env\.second/);
      const first = new WebAssembly.Memory({ initial: 1, maximum: 2 });
      equal((await load(url, { env: { first } })).memory, first);
      await load(addressOf(env, modules.ownTwo));
    },
  },
  {
    name: 'a module with a 64-bit memory is a "load" error that says so, or takes the one that is given',
    run: async (env) => {
      const url = addressOf(env, modules.wide);
      match((await rejects(load(url), 'load')).message, /64-bit memory.*32 bits/);
      if (knows(modules.wide)) {
        const limits = /** @type {any} */ ({ initial: 1n, maximum: 2n, address: 'i64' });
        const memory = new WebAssembly.Memory(limits);
        equal((await load(url, { env: { memory } })).memory, memory);
        await load(addressOf(env, modules.ownWide));
      } else {
        const own = load(addressOf(env, modules.ownWide));
        match((await rejects(own, 'load')).message, /does not know \(a 64-bit memory/);
      }
    },
  },
  {
    name: 'imports of reference types do not hide the memory behind them',
    run: async (env) => {
      const text = new WebAssembly.Global({ value: 'externref' }, 'words');
      const loading = load(addressOf(env, modules.reference), { env: { text } });
      if (!knows(modules.reference)) {
        match((await rejects(loading, 'load')).message, /a new instruction/);
        return;
      }
      const { memory } = await loading;
      equal(pages(memory), 2);
      equal(maximumOf(memory), 3);
    },
  },
];

export const wasmMemories = cases.map((one) => ({ ...one, where: onceInNode }));
