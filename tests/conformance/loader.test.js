// Loading the module: once, from wherever it comes, and never silently broken.
import { equal, match, rejects } from './assert.js';
import { inFrame } from './frame.js';
import { create } from './sdk.js';

/** @param {import('./env.js').Env} env @param {any} wasm @param {object} [options] */
async function opens(env, wasm, options) {
  const space = await create({ ...env.options, wasm, ...options });
  equal(space.transport, env.transport);
  await space.close();
}

let keys = 0;
const freshKey = () => `${Date.now()}-${Math.random()}-${keys++}`;

/** @param {import('./env.js').Env} env @param {string} key */
const requests = async (env, key) =>
  (await (await fetch(env.fault(`count?key=${key}`))).json()).count;

/** @type {import('./env.js').Case[]} */
export const loading = [
  {
    name: 'concurrent and later loads of one URL share one request',
    run: async (env) => {
      const key = freshKey();
      const url = env.fault(`counted.wasm?key=${key}`);
      await Promise.all([opens(env, url), opens(env, url), opens(env, new URL(url))]);
      await opens(env, url);
      equal(await requests(env, key), 1);
    },
  },
  {
    name: 'a load that failed is tried again by the next',
    run: async (env) => {
      const url = env.fault(`first-fails.wasm?key=${freshKey()}`);
      await rejects(opens(env, url), 'load');
      await opens(env, url);
    },
  },
  {
    name: 'a module is taken as a Response, as bytes and compiled',
    run: async (env) => {
      const url = env.fault('counted.wasm?key=forms');
      await opens(env, await fetch(url));
      const bytes = await (await fetch(url)).arrayBuffer();
      await opens(env, bytes);
      await opens(env, new Uint8Array(bytes));
      await opens(env, await WebAssembly.compile(bytes));
    },
  },
  {
    name: 'the wrong MIME type does not keep a module from loading',
    run: async (env) => {
      await opens(env, env.fault('core-octet-stream.wasm'));
      await opens(env, env.fault('module.wasm?type=application/wasm;%20charset=utf-8'));
    },
  },
  {
    name: 'a status that is not OK is a "load" error with the status',
    run: async (env) => {
      match((await rejects(opens(env, env.fault('missing.wasm')), 'load')).message, /404/);
    },
  },
  {
    name: 'a truncated module is a "load" error',
    run: async (env) => {
      const { message } = await rejects(opens(env, env.fault('truncated.wasm')), 'load');
      match(message, /truncated\.wasm does not compile/);
    },
  },
  {
    name: 'what is not wasm is a "load" error that says what came instead',
    run: async (env) => {
      const { message } = await rejects(opens(env, env.fault('not-wasm.wasm')), 'load');
      match(message, /not a wasm module.*this is not/);
      match((await rejects(opens(env, env.fault('html.wasm')), 'load')).message, /web page/);
      await rejects(opens(env, new Uint8Array(0)), 'load');
      await rejects(opens(env, new TextEncoder().encode('hello, world')), 'load');
    },
  },
  {
    name: 'a Content-Security-Policy that forbids WebAssembly is a "load" error of create() that says so',
    where: ({ engine }) => engine !== 'node',
    run: async (env) => {
      const { code, message } = await inFrame(env, "script-src 'self'", 'create');
      equal(code, 'load');
      match(message, /CSP.*'wasm-unsafe-eval'/);
      equal((await inFrame(env, "script-src 'self' 'wasm-unsafe-eval'", 'create')).code, 'none');
    },
  },
  {
    name: 'a server that never answers ends at the time-out, or at the abort',
    run: async (env) => {
      await rejects(opens(env, env.fault('stalled.wasm'), { timeout: 100 }), 'timeout');
      const abort = new AbortController();
      const aborted = opens(env, env.fault('stalled.wasm'), { signal: abort.signal });
      abort.abort();
      await rejects(aborted, (error) => error === abort.signal.reason);
    },
  },
  {
    name: 'a server that is not there, and an address that is none, are "load" errors',
    run: async (env) => {
      await rejects(opens(env, 'http://127.0.0.1:9/nothing.wasm'), 'load');
      await rejects(opens(env, 'http://'), 'load');
    },
  },
];
