// The recipes beside what opens their pages (recipes.spec.js), and the Vite plugin.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCases } from './cases.js';
import { headersFile, vercelFile } from './recipes/hosts.js';
import { nodeHttp } from './recipes/servers.js';
import { makeProject, recipe, removeFolder, tool } from './recipes/site.js';

const TIMEOUT = 60_000;
const VITES = ['vite', 'vite-7'];

const ISOLATING = [
  'cross-origin-opener-policy',
  'cross-origin-embedder-policy',
  'document-isolation-policy',
];

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param {(folder: string) => Promise<void>} check */
const inProject = (check) => async () => {
  const folder = await makeProject();
  try {
    await check(folder);
  } finally {
    await removeFolder(folder);
  }
};

runCases('recipes', TIMEOUT, [
  ['docs/recipes.md has the recipes as they are', showsRecipes],
  ["hosts' files of rules are read as they document it", readsAsDocumented],
  ['the recipe for Node gives nothing outside of its folder', staysInFolder],
  ['the Vite plugin keeps what its user configured', inProject(keepsConfigured)],
  ['the Vite plugin sends the embedder policy that it is given', inProject(sendsPolicy)],
  ['the Vite plugin has the types of a plugin', inProject(typesPlugin)],
]);

/** @param {string} address */
async function headersOf(address) {
  const response = await fetch(address);
  await response.body?.cancel();
  return response.headers;
}

/** Renders on the server, and is before the plugin among the others. */
const framework = (() => {
  const answer = (/** @type {any} */ { middlewares }) => {
    middlewares.use('/rendered', (/** @type {any} */ _, /** @type {any} */ response) =>
      response.end('rendered'),
    );
  };
  return { name: 'framework', configureServer: answer, configurePreviewServer: answer };
})();

/** @param {string} folder of a project */
async function keepsConfigured(folder) {
  const { sluice } = await import(join(folder, 'node_modules/sluice/dist/vite.js'));
  for (const version of VITES) {
    const vite = await import(tool(`${version}/dist/node/index.js`));
    const config = {
      configFile: false,
      root: folder,
      logLevel: 'silent',
      plugins: [framework, sluice()],
      worker: { format: 'iife' },
      optimizeDeps: { exclude: ['theirs'] },
      build: { outDir: '.' },
      server: {
        host: '127.0.0.1',
        headers: {
          'X-Theirs': 'kept',
          'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
          'cross-origin-embedder-policy': 'credentialless',
        },
      },
    };
    const served = [await vite.createServer(config), await vite.preview(config)];
    try {
      await served[0].listen();
      assert.equal(served[0].config.worker.format, 'iife', version);
      assert.deepEqual(served[0].config.optimizeDeps.exclude.sort(), ['sluice', 'theirs'], version);
      for (const { resolvedUrls } of served) {
        const [address] = resolvedUrls.local;
        const headers = await headersOf(`${address}package.json`);
        assert.equal(headers.get('x-theirs'), 'kept', version);
        for (const found of [headers, await headersOf(`${address}rendered`)])
          assert.deepEqual(
            ISOLATING.map((name) => found.get(name)),
            ['same-origin-allow-popups', 'credentialless', 'isolate-and-credentialless'],
            version,
          );
      }
    } finally {
      await Promise.all(served.map((server) => server.close()));
    }
  }
}

/** @param {string} folder of a project */
async function sendsPolicy(folder) {
  const { sluice } = await import(join(folder, 'node_modules/sluice/dist/vite.js'));
  const { createServer } = await import(tool('vite/dist/node/index.js'));
  const server = await createServer({
    configFile: false,
    root: folder,
    logLevel: 'silent',
    plugins: [sluice({ coep: 'credentialless' })],
    server: { host: '127.0.0.1' },
  });
  try {
    await server.listen();
    const headers = await headersOf(`${server.resolvedUrls.local[0]}package.json`);
    assert.deepEqual(
      ISOLATING.map((name) => headers.get(name)),
      ['same-origin', 'credentialless', 'isolate-and-credentialless'],
    );
  } finally {
    await server.close();
  }
}

/** @param {string} folder of a project */
async function typesPlugin(folder) {
  const files = VITES.map((version) => join(folder, `${version}.ts`));
  for (const [index, version] of VITES.entries())
    await writeFile(
      files[index],
      `import { sluice } from 'sluice/vite';
        import { defineConfig } from '${version}';
        export default defineConfig({ plugins: [sluice({ coep: 'credentialless' })] });
        // @ts-expect-error
        sluice({ coep: 'unsafe-none' });`,
    );
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
  ];
  const args = [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files];
  await run(process.execPath, args, { cwd: folder, timeout: TIMEOUT }).catch(({ stdout }) =>
    assert.fail(stdout),
  );
}

async function showsRecipes() {
  const page = await readFile(join(root, 'docs/recipes.md'), 'utf8');
  const shown = new Set([...page.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, text]) => text));
  const names = await readdir(join(root, 'examples/recipes'));
  assert.ok(names.length > 8, `${names.length} recipes`);
  for (const name of names) {
    const text = await readFile(recipe(name), 'utf8');
    assert.ok(shown.has(text), `docs/recipes.md should have ${name} as it is`);
  }
}

/** What developers.cloudflare.com/pages/configuration/headers, docs.netlify.com/manage/routing/headers and
 * vercel.com/docs/project-configuration say. */
async function readsAsDocumented() {
  const rules = headersFile(
    [
      '# a comment, and rules that are indented by blanks or tabs',
      '/secure/page',
      '\tX-Frame-Options: DENY',
      '/static/*',
      '  Access-Control-Allow-Origin: *',
      '  X-Robots-Tag: nosnippet',
      '',
      '/films/:title',
      '  X-Film: one',
      '/*',
      '  X-Robots-Tag: noindex',
    ].join('\n'),
  );
  const everywhere = { 'x-robots-tag': 'noindex' };
  for (const [path, headers] of /** @type {const} */ ([
    ['/', everywhere],
    ['/secure/page', { ...everywhere, 'x-frame-options': 'DENY' }],
    ['/secure/pages', everywhere],
    // A splat is greedy, and what several rules say of one header is joined.
    [
      '/static/styles/a.css',
      { 'access-control-allow-origin': '*', 'x-robots-tag': 'nosnippet, noindex' },
    ],
    ['/films/blow-up', { ...everywhere, 'x-film': 'one' }],
    ['/films/blow-up/cast', everywhere],
  ]))
    assert.deepEqual(rules(path), headers, path);
  for (const unread of ['Name: value', 'https://example.com/*\n  Name: value', '/*\n  ! Name'])
    assert.throws(() => headersFile(unread), /neither a path nor a header/);

  const set = (/** @type {string} */ value) => [{ key: 'X-Robots-Tag', value }];
  const vercel = vercelFile(
    JSON.stringify({
      headers: [
        { source: '/(.*)', headers: set('noindex') },
        { source: '/static/(.*)', headers: set('all') },
      ],
    }),
  );
  assert.deepEqual(vercel('/'), everywhere);
  assert.deepEqual(vercel('/static/styles/a.css'), { 'x-robots-tag': 'all' });
  assert.throws(
    () => vercelFile('{"headers":[{"source":"/:path*","headers":[]}]}'),
    /not read here/,
  );
}

async function staysInFolder() {
  const { address, close } = await nodeHttp();
  try {
    const status = async (/** @type {string} */ path) => (await fetch(address + path)).status;
    assert.equal(await status('/assets%2Fpage.js'), 200);
    assert.equal(await status('/..%2Fserver.log'), 404);
    assert.equal(await status('/assets/..%2F..%2Fserver.log'), 404);
  } finally {
    await close();
  }
}
