// "sluice/loader": copies on disk, integrity, and a server that redirects or is not there.
import { deepEqual, equal, match, ok, rejects } from './assert.js';
import {
  clearWasmModuleCache,
  isWasmModuleCached,
  loadWasmModuleWithSharedMemory,
} from './loader-entry.js';
import {
  addressOf,
  answers,
  counter,
  empty,
  goOffline,
  goOn,
  owner,
  plainCounter,
} from './modules.js';
import { replaced } from './stub.js';
import { ask, exportsOf, onceInNode, streamed } from './wasm-load.test.js';

/** @typedef {import('./env.js').Env} Env */

const NAME = 'sluice-wasm';

/** @param {string} url @param {import('../../loader/load/index.js').LoadOptions} options */
const load = (url, options) => loadWasmModuleWithSharedMemory(url, undefined, undefined, options);

/** @param {string} url */
const toDisk = (url) => load(url, { cache: 'disk' });

/** @param {string} url */
const stored = async (url) => (await caches.open(NAME)).match(url);

/** Writing goes on after a load has ended. @param {() => Promise<unknown>} condition */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve));
}

/** What a new page finds: another thread, with nothing in memory.
 * @param {Env} env @param {string} url @param {object} [options] */
async function elsewhere(env, url, options) {
  const worker = env.worker('load-module.js');
  try {
    return await ask(worker, { url, options: { cache: 'disk', ...options } });
  } finally {
    worker.terminate();
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {string} algorithm */
async function integrityOf(bytes, algorithm = 'SHA-384') {
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  return `${algorithm.replace('-', '').toLowerCase()}-${btoa(String.fromCharCode(...digest))}`;
}

/** The same server by another name, which makes it another origin. @param {string} url */
const otherOrigin = (url) => url.replace('127.0.0.1', 'localhost');

/** @type {import('./env.js').Case[]} */
const everywhere = [
  {
    name: 'integrity lets pass what it describes, by the strongest of its hashes',
    run: async (env) => {
      const [sha256, sha512] = await Promise.all(
        ['SHA-256', 'SHA-512'].map((name) => integrityOf(plainCounter, name)),
      );
      for (const integrity of [sha256, `${sha256} ${sha512}`, `sha256-AAAA ${sha512}?x`])
        equal(exportsOf(await load(addressOf(env, plainCounter), { integrity })).bump(), 0);
    },
  },
  {
    name: 'integrity is taken in the base64 of addresses, too',
    run: async (env) => {
      for (let n = 0; ; n++) {
        const integrity = await integrityOf(empty(n));
        const same = integrity
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replace('sha384_', 'sha384-');
        if (same === integrity) continue;
        await load(addressOf(env, empty(n)), { integrity: same });
        return;
      }
    },
  },
  {
    name: 'under integrity, too, progress tells each byte once',
    run: async (env) => {
      const url = addressOf(env, plainCounter);
      /** @type {number[]} */
      const told = [];
      const onProgress = (/** @type {number} */ loaded) => told.push(loaded);
      await load(url, { integrity: await integrityOf(plainCounter), onProgress });
      equal(told.at(-1), plainCounter.length);
      for (let i = 1; i < told.length; i++) ok(told[i] > told[i - 1], `${told} grows`);
    },
  },
  {
    name: "without crypto.subtle, as in an insecure context, integrity is the fetch's to check",
    run: async (env) => {
      const url = addressOf(env, plainCounter);
      const right = await integrityOf(plainCounter);
      const wrong = await integrityOf(owner);
      await replaced(globalThis, 'crypto', {}, async () => {
        const { message } = await rejects(load(url, { integrity: wrong }), 'load');
        ok(message.includes(`integrity ${wrong}`), message);
        equal(isWasmModuleCached(url), false);
        await load(url, { integrity: right });
      });
    },
  },
  {
    name: 'what integrity does not describe is a "load" error with its hash, and is not compiled',
    run: async (env) => {
      const { compile, compileStreaming } = WebAssembly;
      const forbidden = () => Promise.reject(new Error('this is not to be compiled'));
      Object.assign(WebAssembly, { compile: forbidden, compileStreaming: forbidden });
      try {
        for (const type of ['application/wasm', 'text/plain']) {
          const integrity = await integrityOf(owner);
          const url = addressOf(env, plainCounter, { type });
          const { message } = await rejects(load(url, { integrity }), 'load');
          match(message, /is not what integrity says/);
          equal(message.includes(await integrityOf(plainCounter)), true, message);
          equal(isWasmModuleCached(url), false);
        }
      } finally {
        Object.assign(WebAssembly, { compile, compileStreaming });
      }
    },
  },
  {
    name: 'a module in memory is another one under another integrity',
    run: async (env) => {
      const url = addressOf(env, plainCounter);
      await load(url, {});
      await rejects(load(url, { integrity: await integrityOf(owner) }), 'load');
      const integrity = await integrityOf(plainCounter);
      equal((await load(url, { integrity })).cached, 'no');
      equal((await load(url, { integrity })).cached, 'memory');
    },
  },
  {
    name: 'a redirect to another origin is a "load" error with that, unless integrity vouches for it',
    run: async (env) => {
      const to = otherOrigin(addressOf(env, plainCounter, { cors: '1' }));
      const url = addressOf(env, undefined, { to });
      match((await rejects(load(url, {}), 'load')).message, /another origin, http:\/\/localhost/);
      await load(url, { integrity: await integrityOf(plainCounter) });
      await load(to, {});
      const here = addressOf(env, undefined, { to: addressOf(env, plainCounter) });
      await load(here, {});
    },
  },
  {
    name: 'a server that is not there, and one that goes away in the middle, are "load" errors',
    run: async (env) => {
      const url = addressOf(env, plainCounter);
      await goOffline(env, url);
      match((await rejects(load(url, {}), 'load')).message, /cannot be fetched \(offline/);
      match((await rejects(toDisk(url), 'load')).message, /cannot be fetched \(offline/);
      const broken = addressOf(env, undefined, { broken: '1' });
      await rejects(load(broken, {}), 'load');
      await rejects(load(`${broken}&type=text/plain`, {}), 'load');
    },
  },
];

/** @type {import('./env.js').Case[]} */
const withCaches = [
  {
    name: 'a copy on disk is used by another page, when the server says that it still holds',
    run: async (env) => {
      const url = addressOf(env, owner, { etag: 'one' });
      equal((await toDisk(url)).cached, 'no');
      equal((await toDisk(url)).cached, 'memory');
      await until(() => stored(url));
      deepEqual(await elsewhere(env, url), { cached: 'disk', exports: ['memory'] });
      equal(await answers(env, url), 1);
      equal(await answers(env, url, ' 304'), 1);
    },
  },
  {
    name: 'the server is asked for a module on disk, whatever else the browser keeps of it',
    run: async (env) => {
      const url = addressOf(env, owner, { age: '1000' });
      await toDisk(url);
      await until(() => stored(url));
      equal((await elsewhere(env, url)).cached, 'no');
      equal(await answers(env, url), 2);
    },
  },
  {
    name: "a copy on disk of another origin's module is asked for without a header of its own",
    run: async (env) => {
      const url = otherOrigin(addressOf(env, owner, { etag: 'new', cors: '1' }));
      const old = { 'content-type': 'application/wasm', etag: '"old"' };
      await (await caches.open(NAME)).put(url, new Response(counter, { headers: old }));
      // The server allows no such header: the request would fail, and the old copy serve.
      deepEqual(await elsewhere(env, url), { cached: 'no', exports: ['memory'] });
    },
  },
  {
    name: 'a copy on disk whose module has changed is replaced',
    run: async (env) => {
      const url = addressOf(env, owner, { etag: 'new' });
      const old = { 'content-type': 'application/wasm', etag: '"old"' };
      await (await caches.open(NAME)).put(url, new Response(counter, { headers: old }));
      const { cached, module } = await toDisk(url);
      equal(cached, 'no');
      equal(WebAssembly.Module.exports(module)[0].name, 'memory');
      await until(async () => (await stored(url))?.headers.get('etag') === '"new"');
      equal((await elsewhere(env, url)).cached, 'disk');
      equal(await answers(env, url), 1);
    },
  },
  {
    name: 'offline the copy on disk serves; without one there is a "load" error',
    run: async (env) => {
      const url = addressOf(env, owner);
      await toDisk(url);
      await until(() => stored(url));
      await goOffline(env, url);
      deepEqual(await elsewhere(env, url), { cached: 'disk', exports: ['memory'] });
      await clearWasmModuleCache();
      const { code, message } = await elsewhere(env, url);
      equal(code, 'load');
      match(message, /offline/);
    },
  },
  {
    name: 'a copy on disk that integrity vouches for is used without a request; another is not used',
    run: async (env) => {
      const url = addressOf(env, owner);
      const integrity = await integrityOf(owner);
      await load(url, { cache: 'disk', integrity });
      await until(() => stored(url));
      equal((await elsewhere(env, url, { integrity })).cached, 'disk');
      equal(await answers(env, url), 1);
      await (await caches.open(NAME)).put(url, new Response(counter));
      deepEqual(await elsewhere(env, url, { integrity }), { cached: 'no', exports: ['memory'] });
    },
  },
  {
    name: "a copy on disk is compiled as it is, so that the engine's compiled code can serve",
    run: async (env) => {
      const url = addressOf(env, owner);
      await toDisk(url);
      await until(() => stored(url));
      const integrity = await integrityOf(owner);
      const seen = await streamed(async () => {
        equal((await load(url, { cache: 'disk', integrity })).cached, 'disk');
      });
      deepEqual(seen, [url]);
    },
  },
  {
    name: 'a damaged copy on disk is fetched anew',
    run: async (env) => {
      const url = addressOf(env, owner, { etag: 'one' });
      const headers = { 'content-type': 'application/wasm', etag: '"one"' };
      await (await caches.open(NAME)).put(url, new Response(owner.slice(0, -3), { headers }));
      deepEqual(await elsewhere(env, url), { cached: 'no', exports: ['memory'] });
    },
  },
  {
    name: 'a damaged copy on disk whose server goes away is a "load" error',
    run: async (env) => {
      const url = addressOf(env, owner, { etag: 'one' });
      const headers = { 'content-type': 'application/wasm', etag: '"one"' };
      await (await caches.open(NAME)).put(url, new Response(owner.slice(0, -3), { headers }));
      const answers = [() => new Response(null, { status: 304 })];
      const offline = async () => {
        const next = answers.shift();
        if (!next) throw new TypeError('Failed to fetch');
        return next();
      };
      await replaced(globalThis, 'fetch', offline, async () => {
        await rejects(toDisk(url), 'load');
      });
      equal(answers.length, 0);
    },
  },
  {
    name: 'what failed, or is no module, is not put on disk',
    run: async (env) => {
      const bad = ['application/wasm', 'text/plain'].map((type) =>
        addressOf(env, owner.slice(0, -3), { type }),
      );
      for (const url of bad) await rejects(toDisk(url), 'load');
      const integrity = await integrityOf(counter);
      bad.push(addressOf(env, owner));
      await rejects(load(bad[2], { cache: 'disk', integrity }), 'load');
      const good = addressOf(env, owner);
      await toDisk(good); // changes of the disk happen in order: after this one all have
      await until(() => stored(good));
      for (const url of bad) equal(await stored(url), undefined);
    },
  },
  {
    name: 'what was under way when the cache was cleared is not put on disk',
    run: async (env) => {
      const url = addressOf(env, counter, { paced: '1' });
      /** @type {Promise<unknown>} */
      let loading = Promise.resolve();
      await new Promise((resolve, reject) => {
        loading = load(url, { cache: 'disk', onProgress: resolve });
        loading.catch(reject);
      });
      await clearWasmModuleCache();
      await goOn(env, url);
      await loading;
      const good = addressOf(env, owner);
      await toDisk(good);
      await until(() => stored(good));
      equal(await stored(url), undefined);
    },
  },
  {
    name: 'of modules on disk the 32 stored last are kept, and clearing takes them all away',
    run: async (env) => {
      await clearWasmModuleCache();
      const urls = Array.from({ length: 33 }, (_, n) => addressOf(env, empty(n)));
      for (const url of urls) await toDisk(url);
      const keys = async () => (await (await caches.open(NAME)).keys()).map(({ url }) => url);
      await until(async () => (await keys()).includes(urls[32]) && (await keys()).length === 32);
      equal((await keys()).includes(urls[0]), false);
      await clearWasmModuleCache();
      equal(await caches.has(NAME), false);
    },
  },
  {
    name: 'where the disk is full a module loads all the same, and is not kept there',
    run: async (env) => {
      const full = () => Promise.reject(new DOMException('no room', 'QuotaExceededError'));
      await replaced(Cache.prototype, 'put', full, async () => {
        const url = addressOf(env, counter);
        equal((await toDisk(url)).cached, 'no');
        equal((await toDisk(url)).cached, 'memory');
        await clearWasmModuleCache();
        equal((await toDisk(url)).cached, 'no');
      });
    },
  },
  {
    name: 'where storage is forbidden a module loads all the same, and clearing ends',
    run: async (env) => {
      const forbidden = () => Promise.reject(new DOMException('not here', 'SecurityError'));
      const refusing = { open: forbidden, delete: forbidden };
      for (const storage of [refusing, undefined]) {
        await replaced(globalThis, 'caches', storage, async () => {
          const url = addressOf(env, counter);
          equal((await toDisk(url)).cached, 'no');
          await clearWasmModuleCache();
          equal((await toDisk(url)).cached, 'no');
        });
      }
    },
  },
];

/** @type {import('./env.js').Case} */
const without = {
  name: 'in Node, where there is no Cache API, what should go to disk is kept in memory',
  where: (setting) => setting.engine === 'node' && onceInNode(setting),
  run: async (env) => {
    const url = addressOf(env, owner);
    equal((await toDisk(url)).cached, 'no');
    equal((await toDisk(url)).cached, 'memory');
    equal((await elsewhere(env, url)).cached, 'no');
    await clearWasmModuleCache();
  },
};

export const wasmDisk = [
  ...everywhere.map((one) => ({ ...one, where: onceInNode })),
  ...withCaches.map((one) => ({
    ...one,
    where: (/** @type {import('./env.js').Setting} */ { engine }) => engine !== 'node',
  })),
  without,
];
