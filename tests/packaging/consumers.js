// Who bundles what is in consumers/, and what comes of it.
import { join } from 'node:path';
import { consumers, root } from './install.js';

/**
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string[]} sources folders of consumers/: its files
 * @property {string[]} [build] the command
 * @property {string} [out] where that leaves what is to be served, `dist` by default
 * @property {string[]} [serve] the command of a server of its own, to which the port is added
 * @property {string} [policy] the Content-Security-Policy that it is sent with
 * @property {RegExp} [fails] what it says in place of working
 * @property {string[]} [lost] files of the package that the bundler does not take along
 */

/** @param {string} tool @param {...string} args */
const run = (tool, ...args) => [join(consumers, 'node_modules/.bin', tool), ...args];

/** @param {...string} args */
const vite7 = (...args) => [
  process.execPath,
  join(consumers, 'node_modules/vite-7/bin/vite.js'),
  ...args,
];

/** A worker is an entry of its own, and stays beside the page's. @param {...string} args */
const esbuild = (...args) => [
  join(root, 'node_modules/.bin/esbuild'),
  ...['main.js', 'worker.js', '--bundle', '--format=esm', '--outdir=dist', ...args],
];

const dev = ['--host', '127.0.0.1', '--strictPort', '--port'];
const parcelDev = ['--host', '127.0.0.1', '--no-hmr', '--port'];
const STRICT = "script-src 'self' 'wasm-unsafe-eval'";
/** They leave `new URL(..., import.meta.url)` as it is. */
const lost = ['core.wasm', 'compute-worker.js', 'diagnose-worker.js'];

/** @type {Consumer[]} */
export const table = [
  {
    name: 'webpack 5, for production',
    sources: ['page', 'webpack'],
    build: run('webpack', '--mode=production'),
  },
  {
    name: 'webpack 5, for development',
    sources: ['page', 'webpack'],
    build: run('webpack', '--mode=development'),
  },
  {
    name: 'webpack 5, "sluice/inline"',
    sources: ['page', 'webpack-inline'],
    build: run('webpack', '--mode=production'),
  },
  {
    name: 'Next.js 16, build and start',
    sources: ['page', 'next'],
    build: run('next', 'build'),
    serve: run('next', 'start', '-H', '127.0.0.1', '-p'),
  },
  {
    name: 'Next.js 16, dev',
    sources: ['page', 'next'],
    serve: run('next', 'dev', '-H', '127.0.0.1', '-p'),
  },
  {
    name: 'Parcel 2, build',
    sources: ['page', 'plain-worker', 'parcel'],
    build: run('parcel', 'build', 'index.html', '--no-source-maps'),
  },
  {
    name: 'Parcel 2, dev',
    sources: ['page', 'plain-worker', 'parcel', 'parcel-isolated'],
    // What it makes goes beside the page's own files, which it serves too there.
    serve: run('parcel', 'serve', 'index.html', '--dist-dir', 'public', ...parcelDev),
  },
  {
    name: 'Vite 8, dev',
    sources: ['page', 'vite-isolated'],
    serve: run('vite', ...dev),
  },
  {
    name: 'Vite 8, build, under a strict policy',
    sources: ['page', 'plain-worker'],
    build: run('vite', 'build'),
    policy: STRICT,
  },
  {
    name: 'Vite 8, build, await at the top of the worker',
    sources: ['page', 'vite-awaits'],
    build: run('vite', 'build'),
  },
  {
    name: 'Vite 7, dev',
    sources: ['page', 'vite-isolated'],
    serve: vite7(...dev),
    lost,
  },
  {
    name: 'Vite 7, build',
    sources: ['page', 'plain-worker'],
    build: vite7('build'),
  },
  {
    name: 'Vite 7, build, await at the top of the worker',
    sources: ['page', 'vite-awaits'],
    build: vite7('build'),
  },
  {
    name: 'Rollup 4',
    sources: ['page', 'rollup'],
    build: run('rollup', '-c'),
    lost,
  },
  {
    name: 'Rolldown 1',
    sources: ['page', 'rolldown'],
    build: run('rolldown', '-c'),
    lost,
  },
  {
    name: 'esbuild, one file',
    sources: ['page'],
    build: esbuild(),
    lost,
  },
  {
    name: 'esbuild, "sluice/inline"',
    sources: ['page', 'esbuild-inline'],
    build: esbuild(),
    lost: ['diagnose-worker.js'],
  },
  {
    name: 'esbuild, with splitting, minified',
    sources: ['page'],
    build: esbuild('--splitting', '--minify'),
    lost,
  },
  {
    name: 'esbuild, one file, under a strict policy',
    sources: ['page'],
    build: esbuild(),
    policy: STRICT,
    fails: /worker-src blob:.*import "sluice\/compute-worker"/,
    lost: ['core.wasm', 'compute-worker.js'],
  },
  {
    name: 'esbuild, one file, under a strict policy, with a compute worker of its own',
    sources: ['page', 'own-compute-worker'],
    build: esbuild('compute-worker.js'),
    policy: STRICT,
    lost: ['core.wasm', 'diagnose-worker.js'],
  },
];
