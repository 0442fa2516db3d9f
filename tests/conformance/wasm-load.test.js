// "sluice/loader": any module, fetched and compiled once, instantiated for each who asks.
import { listen } from './agent.js';
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from './assert.js';
import { inFrame } from './frame.js';
import {
  clearWasmModuleCache,
  getWasmModuleCacheSize,
  isAtomicsSupported,
  isSharedArrayBufferSupported,
  isSharedMemorySupported,
  isWasmModuleCached,
  loadWasmModuleWithSharedMemory as load,
  preloadWasmModuleWithSharedMemory as preload,
} from './loader-entry.js';
import { addressOf, answers, caller, counter, empty, freshKey, goOn, owner } from './modules.js';
import { replaced } from './stub.js';

/** @typedef {import('./env.js').Env} Env */

/** Node's two settings differ in the transport of spaces, which no module is loaded by.
 * @param {import('./env.js').Setting} setting */
export const onceInNode = ({ engine, transport }) => engine !== 'node' || transport === 'shared';
/** @param {import('./env.js').Setting} setting */
const inBrowsers = ({ engine }) => engine !== 'node';

/** @param {any} worker @param {unknown} message @returns {Promise<any>} its first answer */
export const ask = (worker, message) =>
  new Promise((resolve, reject) => {
    listen(worker, resolve);
    if (worker.addEventListener) worker.addEventListener('error', reject);
    worker.postMessage(message);
  });

/** @param {import('../../loader/load/index.js').Loaded} loaded */
export const exportsOf = ({ instance }) => /** @type {any} */ (instance.exports);

/** A spy in place of a function of WebAssembly's, while `use` runs. @param {() => Promise<unknown>} use */
async function compilations(use) {
  const wasm = /** @type {any} */ (WebAssembly);
  const names = ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming'];
  const originals = names.map((name) => wasm[name]);
  let count = 0;
  for (const [i, name] of names.entries())
    wasm[name] = (/** @type {any[]} */ ...args) => {
      if (!(args[0] instanceof WebAssembly.Module)) count++;
      return originals[i].apply(WebAssembly, args);
    };
  try {
    await use();
  } finally {
    for (const [i, name] of names.entries()) wasm[name] = originals[i];
  }
  return count;
}

/** Of WebKit the end, which has its own words. */
const FORBIDDEN = /script-src 'wasm-unsafe-eval'|or the CSP: .*'wasm-unsafe-eval'/;

/** The addresses of the responses that are compiled as they arrive, while `use` runs. @param {(seen: string[]) => Promise<unknown>} use */
export async function streamed(use) {
  const { compileStreaming } = WebAssembly;
  /** @type {string[]} */
  const seen = [];
  const spy = (/** @type {Response} */ response) => {
    seen.push(response.url);
    return compileStreaming(response);
  };
  await replaced(WebAssembly, 'compileStreaming', spy, async () => void (await use(seen)));
  return seen;
}

/** @type {import('./env.js').Case[]} */
const cases = [
  {
    name: 'what is supported is what can be done: posting memory, and atomics on it',
    run: async (env) => {
      equal(isSharedArrayBufferSupported(), env.isolated);
      equal(isAtomicsSupported(), true);
      equal(isSharedMemorySupported(), env.isolated);
    },
  },
  {
    name: 'a loaded module runs in a worker, over the same memory where memory can be shared',
    run: async (env) => {
      const loaded = await load(addressOf(env, counter));
      equal(loaded.shared, env.isolated);
      equal(exportsOf(loaded).bump(), 0);
      const { module, memory } = loaded;
      const worker = env.worker('run-module.js');
      const seen = await ask(worker, env.isolated ? { module, memory } : { module });
      equal(seen, env.isolated ? 1 : 0);
      await worker.terminate();
      // The memory is the loader's, in this thread: it does not go with any worker.
      equal(exportsOf(loaded).bump(), env.isolated ? 2 : 1);
    },
  },
  {
    name: 'a module calls the functions that it imports',
    run: async (env) => {
      /** @type {number[]} */
      const calls = [];
      const log = (/** @type {number} */ value) => calls.push(value);
      exportsOf(await load(addressOf(env, caller), { env: { log } })).run();
      deepEqual(calls, [42]);
    },
  },
  {
    name: 'loads of one module with other functions call their own, over one request',
    run: async (env) => {
      const url = addressOf(env, caller);
      /** @type {string[]} */
      const calls = [];
      const [a, b] = await Promise.all([
        load(url, { env: { log: () => calls.push('a') } }),
        load(url, { env: { log: () => calls.push('b') } }),
      ]);
      exportsOf(b).run();
      exportsOf(a).run();
      exportsOf(await load(url, { env: { log: () => calls.push('c') } })).run();
      deepEqual(calls, ['b', 'a', 'c']);
      equal(await answers(env, url), 1);
    },
  },
  {
    name: 'loads that overlap, and later ones, share one request and one compilation',
    run: async (env) => {
      const url = addressOf(env, counter);
      const compiled = await compilations(async () => {
        const [a, b, c] = await Promise.all([load(url), load(new URL(url)), load(`${url}#part`)]);
        const d = await load(url);
        for (const other of [b, c, d]) equal(other.module, a.module);
        for (const other of [b, c, d]) notEqual(other.instance, a.instance);
        for (const other of [b, c, d]) notEqual(other.memory, a.memory);
        deepEqual(
          [a, b, c, d].map(({ cached }) => cached),
          ['no', 'no', 'no', 'memory'],
        );
      });
      equal(compiled, 1);
      equal(await answers(env, url), 1);
    },
  },
  {
    name: 'a load that failed is forgotten: the next one asks again',
    run: async (env) => {
      const url = env.fault(`first-fails.wasm?key=${freshKey()}`);
      const both = [load(url), load(url)];
      for (const { message } of await Promise.all(both.map((one) => rejects(one, 'load'))))
        match(message, /503/);
      equal(isWasmModuleCached(url), false);
      equal((await load(url)).cached, 'no');
    },
  },
  {
    name: 'a relative address stands beside the page',
    where: inBrowsers,
    run: async (env) => {
      const url = addressOf(env, owner);
      const path = new URL(url).pathname.slice(1) + new URL(url).search;
      await load(`/${path}`);
      await load(`../../${path}`); // the page is tests/conformance/page.html
      equal(isWasmModuleCached(`/${path}`), true);
      const base = document.createElement('base');
      base.href = '/faults/';
      document.head.append(base);
      try {
        await load(path.replace('faults/', '')); // the page says itself where it stands
      } finally {
        base.remove();
      }
      equal(await answers(env, url), 1);
    },
  },
  {
    name: 'a relative address stands beside a worker, and under the origin for one made from a blob',
    where: inBrowsers,
    run: async (env) => {
      const { pathname, search } = new URL(addressOf(env, owner));
      const worker = env.worker('load-module.js');
      deepEqual((await ask(worker, { url: `../../..${pathname}${search}` })).exports, ['memory']);
      worker.terminate();
      const source = `
        const entry = import(${JSON.stringify(env.url('dist/loader.js'))});
        onmessage = async ({ data }) => {
          const { loadWasmModuleWithSharedMemory: load } = await entry;
          postMessage(await load(data).then(() => 'loaded', String));
        };`;
      const blob = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
      const made = new Worker(blob);
      equal(await ask(made, pathname + search), 'loaded');
      equal(await ask(made, pathname.slice(1) + search), 'loaded');
      made.terminate();
      URL.revokeObjectURL(blob);
    },
  },
  {
    name: 'where a thread has no address, a relative one is a "load" error that says what to give',
    where: (setting) => setting.engine === 'node' && onceInNode(setting),
    run: async () => {
      match((await rejects(load('./x.wasm'), 'load')).message, /import\.meta\.url/);
    },
  },
  {
    name: 'an answer that is not OK is a "load" error with its status',
    run: async (env) => {
      match((await rejects(load(env.fault('missing.wasm')), 'load')).message, /404/);
    },
  },
  {
    name: 'a module comes under any MIME type, and what is wrong with it is told under any',
    run: async (env) => {
      for (const type of ['application/octet-stream', 'application/wasm; charset=utf-8'])
        equal(exportsOf(await load(addressOf(env, counter, { type }))).bump(), 0);
      for (const type of ['application/wasm', 'text/plain']) {
        const cut = counter.slice(0, -4);
        const { message } = await rejects(load(addressOf(env, cut, { type })), 'load');
        match(message, /does not compile: it is truncated/);
      }
    },
  },
  {
    name: 'a Content-Security-Policy that forbids a module is a "load" error that says what it lacks',
    where: inBrowsers,
    run: async (env) => {
      for (const type of ['application/wasm', 'text/plain']) {
        const url = addressOf(env, counter, { type });
        const { code, message } = await inFrame(env, "script-src 'self'", url);
        equal(code, 'load');
        match(message, FORBIDDEN);
      }
      const elsewhere = await inFrame(env, "connect-src 'none'", addressOf(env, counter));
      equal(elsewhere.code, 'load');
      match(elsewhere.message, /cannot be fetched .*a CSP connect-src/);
    },
  },
  {
    name: 'what is cached is told, whether memory is shared or not',
    run: async (env) => {
      const url = addressOf(env, counter);
      await clearWasmModuleCache();
      equal(getWasmModuleCacheSize(), 0);
      equal(isWasmModuleCached(url), false);
      const loading = load(url);
      equal(isWasmModuleCached(url), false);
      equal(getWasmModuleCacheSize(), 0);
      await loading;
      equal(isWasmModuleCached(url), true);
      equal(isWasmModuleCached(new URL(url)), true);
      equal(isWasmModuleCached(url.slice(0, -1)), false, 'the address of another');
      equal(getWasmModuleCacheSize(), 1);
      await clearWasmModuleCache();
      equal(isWasmModuleCached(url), false);
      equal(getWasmModuleCacheSize(), 0);
      equal((await load(url)).cached, 'no');
    },
  },
  {
    name: 'a load that was under way when the cache was cleared is not kept',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      const [loading] = await startPaced(url);
      await clearWasmModuleCache();
      await goOn(env, url);
      await loading;
      equal(isWasmModuleCached(url), false);
    },
  },
  {
    name: 'a load that ends after the cache was cleared leaves what was loaded since',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      const abort = new AbortController();
      const [old] = await startPaced(url, undefined, abort.signal);
      await clearWasmModuleCache();
      // Not by another request: Firefox lets those of one address wait for each other.
      await replaced(
        globalThis,
        'fetch',
        async () => new Response(counter),
        async () => {
          await load(url);
        },
      );
      abort.abort();
      await rejects(old, (error) => error === abort.signal.reason);
      equal(isWasmModuleCached(url), true);
    },
  },
  {
    name: 'of modules in memory the 32 used last are kept',
    run: async (env) => {
      await clearWasmModuleCache();
      const urls = Array.from({ length: 33 }, (_, n) => addressOf(env, empty(n)));
      for (const url of urls.slice(0, 32)) await load(url);
      equal((await load(urls[0])).cached, 'memory');
      await load(urls[32]);
      equal(getWasmModuleCacheSize(), 32);
      equal(isWasmModuleCached(urls[0]), true);
      equal(isWasmModuleCached(urls[1]), false);
    },
  },
  {
    name: "cache: 'none' neither takes what is cached nor leaves anything",
    run: async (env) => {
      const url = addressOf(env, counter);
      await load(url, undefined, undefined, { cache: 'none' });
      equal(isWasmModuleCached(url), false);
      await load(url);
      equal((await load(url, undefined, undefined, { cache: 'none' })).cached, 'no');
      equal(await answers(env, url), 3);
    },
  },
  {
    name: 'preloading compiles, and a load takes what it left',
    run: async (env) => {
      const url = addressOf(env, caller);
      let calls = 0;
      equal(preload(url), undefined);
      const loaded = await load(url, { env: { log: () => calls++ } });
      exportsOf(loaded).run();
      equal(calls, 1);
      equal(await answers(env, url), 1);
    },
  },
  {
    name: 'a preload that fails disturbs nobody, and the load tries again',
    run: async (env) => {
      const url = env.fault(`first-fails.wasm?key=${freshKey()}`);
      preload(url);
      await rejects(load(url), 'load'); // it shares the request of the preload
      await load(url);
    },
  },
  {
    name: 'a module is compiled while it arrives, from the response itself',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      const seen = await streamed(async (begun) => {
        const [loading] = await startPaced(url);
        deepEqual(begun, [url]); // with its first half
        await goOn(env, url);
        await loading;
        await load(addressOf(env, counter, { type: 'text/plain' }));
      });
      deepEqual(seen, [url]);
    },
  },
  {
    name: 'progress is told as bytes arrive, to all who share a load',
    run: async (env) => {
      const url = addressOf(env, undefined, { paced: '1' });
      /** @type {[number, number | undefined][]} */
      const early = [];
      /** @type {typeof early} */
      const late = [];
      const [loading] = await startPaced(url, (loaded, total) => early.push([loaded, total]));
      const joined = load(url, undefined, undefined, {
        onProgress: (loaded, total) => late.push([loaded, total]),
      });
      equal(late.length, 1, 'what has come before is told at once');
      await goOn(env, url);
      await Promise.all([loading, joined]);
      const total = early[0][1] ?? 0;
      ok(total > 10_000, `${total} bytes in all`);
      ok(early[0][0] <= total >> 1, 'the first half comes first');
      for (const list of [early, late]) {
        deepEqual(list.at(-1), [total, total]);
        for (let i = 1; i < list.length; i++) ok(list[i][0] > list[i - 1][0], 'it grows');
      }
    },
  },
  {
    name: 'progress has no total where the bytes are compressed on their way',
    run: async (env) => {
      const file = addressOf(env, undefined, { gzip: '1', cors: '1' });
      const { length } = new Uint8Array(await (await fetch(file)).arrayBuffer());
      // Another origin's server does not show that it compresses.
      for (const url of [file, file.replace('127.0.0.1', 'localhost')]) {
        /** @type {(number | undefined)[]} */
        let last = [];
        await load(url, undefined, undefined, {
          onProgress(loaded, total) {
            last = [loaded, total];
            if (url === file) equal(total, undefined);
          },
        });
        deepEqual(last, [length, undefined]);
      }
    },
  },
  {
    name: 'an onProgress that throws ends its own load, and no other',
    run: async (env) => {
      const url = addressOf(env, counter);
      const onProgress = () => {
        throw new RangeError('no bar');
      };
      const ended = load(url, undefined, undefined, { onProgress });
      const other = load(url);
      await rejects(ended, (error) => error instanceof RangeError && error.message === 'no bar');
      await other;
    },
  },
  {
    name: 'who aborts, or has no more time, leaves the others their load',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      const abort = new AbortController();
      const [first] = await startPaced(url);
      const aborted = load(url, undefined, undefined, { signal: abort.signal });
      const late = load(url, undefined, undefined, { timeout: 1 });
      abort.abort();
      await rejects(aborted, (error) => error === abort.signal.reason);
      match((await rejects(late, 'timeout')).message, /module\.wasm/);
      await goOn(env, url);
      await first;
      equal(await answers(env, url), 1);
      const before = load(url, undefined, undefined, { signal: abort.signal });
      await rejects(before, (error) => error === abort.signal.reason, 'aborted beforehand');
    },
  },
  {
    name: 'a load that nobody waits for any more is given up, and asked for again by the next',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      const abort = new AbortController();
      const [only] = await startPaced(url, undefined, abort.signal);
      abort.abort();
      await rejects(only, (error) => error === abort.signal.reason);
      const [next] = await startPaced(url);
      await goOn(env, url);
      equal((await next).cached, 'no');
      equal(await answers(env, url), 2);
    },
  },
  {
    name: 'wrong arguments are TypeErrors, before anything is fetched',
    run: async (env) => {
      const url = addressOf(env, counter);
      const wrong = (/** @type {any} */ options) =>
        rejects(load(url, undefined, undefined, options), (error) => error instanceof TypeError);
      const isTypeError = (/** @type {unknown} */ error) => error instanceof TypeError;
      await rejects(load(/** @type {any} */ (7)), isTypeError);
      await wrong({ cache: 'dish' });
      await wrong({ onProgress: 'bar' });
      await wrong({ timeout: -1 });
      // Nor is another promise left behind, which nobody handles.
      await wrong({ signal: new AbortController() });
      await wrong({ integrity: 'md5-abc' });
      throws(() => preload(/** @type {any} */ (null)), isTypeError);
      await rejects(load('http://'), 'load');
      equal(await answers(env, url), 0);
    },
  },
];

/**
 * Starts a load whose answer waits in the middle, and comes back when its first bytes are here.
 *
 * @param {string} url
 * @param {(loaded: number, total?: number) => void} [onProgress]
 * @param {AbortSignal} [signal]
 * @returns {Promise<[Promise<import('../../loader/load/index.js').Loaded>]>}
 */
async function startPaced(url, onProgress, signal) {
  /** @type {Promise<any>} */
  let loading = Promise.resolve();
  await new Promise((resolve, reject) => {
    loading = load(url, undefined, undefined, {
      signal,
      onProgress(...args) {
        onProgress?.(...args);
        resolve(undefined);
      },
    });
    loading.catch(reject);
  });
  return [loading];
}

export const wasmLoading = cases.map((one) => ({ where: onceInNode, ...one }));
