/**
 * What a user's bundler keeps of the package: a consumer that imports only the names given, bundled
 * from what is published, minified, as brotli.
 *
 * @typedef {{
 *   name: string, names?: string[], budget: number, target: number,
 * }} Consumer `names`: all where there are none; `budget`: `make size` fails above so many bytes
 *   at start, or together where it is all; `target`: what they should be one day
 * @typedef {{start: number, later: number, modules: Map<string, number>}} Kept bytes: `start`, of what
 *   is loaded when the consumer is, `later`, of what it imports when it comes to it; `modules`: each
 *   source's minified bytes
 */

import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { inlinedStayFiles } from './inlined.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** @param {string | string[] | undefined} names @param {string} from */
const consumer = (names, from) =>
  names === undefined
    ? `import * as all from '${from}'; globalThis.kept = all;`
    : `import { ${names} } from '${from}'; globalThis.kept = [${names}];`;

/** @typedef {Pick<import('esbuild').BuildOptions, 'alias' | 'external'>} More how what it imports is found */

/** @param {string} contents @param {More} [more] */
const bundle = (contents, more) =>
  build({
    stdin: { contents, resolveDir: root },
    outdir: 'kept',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    absWorkingDir: root,
    plugins: [inlinedStayFiles], // what is loaded in place of a file is no more than that file
    ...more,
  });

/** @param {string[] | undefined} names @returns {Promise<Kept>} */
export const keptOf = async (names) => ({
  ...(await weighProgram(consumer(names, 'sluice'))),
  modules: await modulesOf(names),
});

/**
 * Brotli bytes of a program: of what is loaded at once, and of what it imports when it comes to it.
 *
 * @param {string} contents
 * @param {More} [more]
 */
export async function weighProgram(contents, more) {
  const published = await bundle(contents, more);
  const { outputs } = published.metafile;
  /** @type {Set<string>} */
  const atStart = new Set();
  /** @param {string} file */
  function start(file) {
    if (atStart.has(file)) return;
    atStart.add(file);
    for (const { path, kind } of outputs[file].imports) {
      if (kind === 'import-statement') start(path);
    }
  }
  start('kept/stdin.js');
  const isAtStart = (/** @type {{path: string}} */ { path }) =>
    [...atStart].some((file) => path.endsWith(file));
  const files = published.outputFiles.sort((one, other) => other.text.length - one.text.length);
  // Most bundlers put into one file what is loaded at once.
  const together = files.filter(isAtStart).map(textOf).join('');
  const others = files.filter((file) => !isAtStart(file));
  return {
    start: brotliCompressSync(together).length,
    later: others.reduce((sum, file) => sum + brotliCompressSync(textOf(file)).length, 0),
  };
}

/** Without what the names of its files have at random. @param {{text: string}} file */
const textOf = ({ text }) => text.replace(/(chunk|part)-[A-Z0-9]{8}/g, '$1');

/** The published files say no more which source is which. @param {string[] | undefined} names */
async function modulesOf(names) {
  const { metafile } = await bundle(consumer(names, './loader/index.js'));
  /** @type {Map<string, number>} */
  const modules = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput > 0 && path !== '<stdin>') modules.set(path, bytesInOutput);
    }
  }
  return modules;
}
