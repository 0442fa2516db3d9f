// What importing the package does (nothing), what a bundler keeps of it (what is used), and what is
// left after a thousand spaces (nothing).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import * as sdk from 'sluice';
import { clearResult, writeResult } from '../results.js';
import { growth, resources } from './growth.js';

const SUITE = 'lifetime';
const root = new URL('../../', import.meta.url);
const folder = fileURLToPath(root);
const run = promisify(execFile);

let [started, passed] = [0, 0];

/** @param {string} name @param {() => Promise<void>} body */
function test(name, body) {
  started++;
  nodeTest(name, { timeout: 60_000 }, async () => {
    await body();
    passed++;
  });
}

clearResult(SUITE);
after(() => {
  const failed = started - passed;
  const { node: version } = process.versions;
  writeResult(SUITE, { name: SUITE, engine: 'node', version, passed, failed });
});

// ---- import

/** Runs a module in a Node of its own, and gives what it printed. @param {string} code @param {string[]} [flags] */
async function inNode(code, flags = []) {
  const args = [...flags, '--no-warnings', '--input-type=module', '--eval', code];
  const { stdout } = await run('node', args, { cwd: folder, timeout: 30_000 });
  return stdout.trim();
}

test('importing the package changes no global, starts nothing, and lets Node end', async () => {
  const printed = await inNode(`
    const keys = () => Reflect.ownKeys(globalThis).map(String).sort().join();
    const builtins = [Object, Function, Array, Promise, Symbol, Atomics, WebAssembly, Error];
    const inside = () => builtins.map((one) => Reflect.ownKeys(one).length
      + (one.prototype ? Reflect.ownKeys(one.prototype).length : 0)).join();
    const state = () => [keys(), inside(), process.getActiveResourcesInfo().join(),
      process.eventNames().map((name) => name + process.listenerCount(name)).join()];
    await import('node:worker_threads');
    await new Promise((resolve) => setImmediate(resolve));
    const before = state();
    const sdk = await import('sluice');
    // Reading the file was a request of its own.
    while (state()[2].includes('Req')) await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify(before) === JSON.stringify(state()), Object.keys(sdk).length > 30);
  `);
  assert.equal(printed, 'true true');
});

test("the browser's bundle can be imported where there is no global of a browser, nor of Node", async () => {
  const printed = await inNode(
    `
    import { readFileSync } from 'node:fs';
    import { createContext, SourceTextModule } from 'node:vm';
    const context = createContext(Object.create(null));
    const modules = new Map();
    const load = (name) => {
      if (!name.startsWith('./')) throw new Error('it imports ' + name);
      if (!modules.has(name)) {
        const source = readFileSync('dist/' + name, 'utf8');
        modules.set(name, new SourceTextModule(source, { context }));
      }
      return modules.get(name);
    };
    const module = load('./sluice.js');
    await module.link(load);
    const before = Reflect.ownKeys(context).length;
    await module.evaluate();
    const after = Reflect.ownKeys(context).length;
    console.log(Object.keys(module.namespace).length > 30, after - before);
  `,
    ['--experimental-vm-modules'],
  );
  assert.equal(printed, 'true 0');
});

// ---- bundles

/** @param {string} contents @returns {Promise<string>} what a bundler for browsers makes of it */
async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'silent',
    // By its own name a package finds itself in its own folder only.
    alias: { sluice: fileURLToPath(new URL('dist/sluice.js', root)) },
  });
  return outputFiles[0].text;
}

test('copies of one version share what they have in a thread, others do not', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const source = await bundle(`export { create } from 'sluice';`);
  assert.ok(source.includes(`Symbol.for("sluice ${version}")`), version);
});

test('an import of nothing bundles to nothing', async () => {
  assert.equal(await bundle(`import 'sluice'; import * as all from 'sluice';`), '');
});

/** What needs nothing of a space, at most so many characters. */
const SMALL = 4000;
const small = ['SluiceError', 'alloc', 'block', 'bytes', 'decodeText', 'encodeText', 'fillRandom'];
small.push('json', 'proxy', 'remove', 'struct', 'text', 'toBlob', 'toResponse', 'transfer');
small.push('unshared', 'withOptions');

test('each export bundles alone, without what it does not use', async () => {
  const names = Object.keys(sdk);
  const all = (await bundle(`export * from 'sluice';`)).length;
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const name of names) {
    const text = await bundle(`export { ${name} } from 'sluice';`);
    sizes[name] = text.length;
    assert.ok(text.length < (small.includes(name) ? SMALL : all), `${name}: ${text.length}`);
  }
  for (const name of small) assert.ok(name in sizes, `${name} is an export`);
  assert.ok(sizes.create < 0.7 * all, `create: ${sizes.create} of ${all}`);
});

test('what workers call loads no part later: some bundlers make a worker one file', async () => {
  const sources = ['attach', 'block', 'channels/channel', 'remove', 'state/cell', 'state/store']
    .concat(['mutex', 'rwlock', 'semaphore', 'barrier'].map((name) => `locks/${name}`))
    .map((name) => `./loader/${name}.js`)
    .concat(['serve', 'connect', 'call-sync'].map((name) => `./worker/${name}.js`));
  const { metafile } = await build({
    stdin: {
      contents: sources.map((source) => `export * from '${source}';`).join(''),
      resolveDir: folder,
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const later = Object.entries(metafile.inputs).filter(([, { imports }]) =>
    imports.some(({ kind }) => kind === 'dynamic-import'),
  );
  assert.deepEqual(
    later.map(([path]) => path),
    [],
  );
});

test('a part that was not published is a "load" error that says so', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'sluice-part-'));
  try {
    const dist = new URL('dist/', root);
    for (const file of await readdir(dist)) {
      if (!/^(sluice|part)\.node.*\.js$|\.wasm$/.test(file)) continue;
      const bytes = await readFile(new URL(file, dist));
      if (/^export \{\s+leadByMessages\s+\}/m.test(bytes.toString())) continue;
      await writeFile(join(copy, file.replace(/\.js$/, '.mjs')), text(bytes, file));
    }
    const printed = await inNode(`
      const { create } = await import(${JSON.stringify(pathToFileURL(join(copy, 'sluice.node.mjs')).href)});
      await (await create()).close();
      const error = await create({ transport: 'message' }).catch((error) => error);
      console.log(error.code, error.message);
    `);
    assert.match(printed, /^load .*publish all/);
  } finally {
    await rm(copy, { recursive: true });
  }
});

/** Its imports by the names that it has there. @param {Buffer} bytes @param {string} file */
const text = (bytes, file) =>
  file.endsWith('.js')
    ? bytes.toString().replace(/(["'])(\.\/part[\w.-]+)\.js\1/g, '$1$2.mjs$1')
    : bytes;

test('`using` works where it is compiled away', async () => {
  const text = await bundle(`
    import { alloc, channel, create, mutex } from 'sluice';
    export async function use(made) {
      const seen = [];
      await using space = await made;
      {
        using held = await mutex(space, 'm').lock();
        using block = alloc(space, 8);
        using sender = channel(space, 'c').sender();
        seen.push(await mutex(space, 'm').tryLock() === undefined, block, sender);
      }
      seen.push((await mutex(space, 'm').tryLock()) !== undefined, space);
      return seen;
    }
  `);
  assert.doesNotMatch(text, /\busing\b/);
  const { use } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  // The bundle is a copy of the module, and works on this one's space.
  const [wasHeld, block, sender, isFree, space] = await use(sdk.create());
  assert.deepEqual([wasHeld, isFree], [true, true]);
  assert.throws(() => block.bytes, { code: 'closed' });
  assert.throws(() => sender.trySend(new Uint8Array(1)), { code: 'closed' });
  assert.throws(() => space.stats(), { code: 'closed' });
});

// ---- again and again

const listeners = () =>
  process
    .eventNames()
    .map((name) => `${String(name)} ${process.listenerCount(name)}`)
    .sort()
    .join();

/** Bytes that one space may seem to leave; the least that one is made of takes more. */
const LEAK = 400;

/** @param {'shared' | 'message'} transport */
async function spaceOnce(transport) {
  const options = transport === 'message' ? { transport } : {};
  const space = await sdk.create({ ...options, bytes: 2 ** 19 });
  const lines = sdk.channel(space, 'c', { codec: sdk.text });
  const [sender, receiver] = [lines.sender(), lines.receiver()];
  await sender.send('line');
  await receiver.receive();
  const end = receiver.receive().catch(() => {});
  await sdk.cell(space, 'x', sdk.json(), 0).set(1);
  sdk
    .cell(space, 'x', sdk.json(), 0)
    .changed(2)
    .catch(() => {});
  (await sdk.mutex(space, 'm').lock()).release();
  sdk.alloc(space, 100);
  await space.close();
  await end;
}

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  test(`a thousand spaces, one after the other, leave nothing: ${transport}`, async () => {
    const act = () => spaceOnce(transport);
    await act();
    // The first of a transport reads the file with its part of the package.
    while (resources().includes('Req')) await new Promise((resolve) => setImmediate(resolve));
    const [before, heard] = [resources(), listeners()];
    const bytes = await growth(act, 4, 250);
    assert.ok(bytes < LEAK, `${bytes} bytes a space`);
    assert.equal(resources(), before);
    assert.equal(listeners(), heard);
  });
}

test('dozens of workers, one after the other, leave nothing', async () => {
  const script = new URL('tests/conformance/workers/serve.js', root);
  const space = await sdk.create();
  async function workerOnce() {
    const worker = /** @type {any} */ (new Worker(script));
    const peer = await sdk.spawn(space, () => worker);
    const remote = /** @type {any} */ (sdk.connect(peer));
    assert.equal(await remote.add(1, 2), 3);
    await peer.terminate();
    assert.equal(worker.listenerCount('message') + worker.listenerCount('exit'), 0);
  }
  for (let i = 0; i < 3; i++) await workerOnce();
  const [before, heard] = [resources(), listeners()];
  const { used, peers } = space.stats();
  const bytes = await growth(workerOnce, 4, 10);
  assert.ok(bytes < 10 * LEAK, `${bytes} bytes a worker`);
  assert.equal(resources(), before);
  assert.equal(listeners(), heard);
  assert.deepEqual([space.stats().used, space.stats().peers], [used, peers]);
  await space.close();
});
