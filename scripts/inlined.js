/** How the build puts files into scripts, for esbuild. */

import { fileURLToPath } from 'node:url';

/** @typedef {import('esbuild').Plugin} Plugin */

/** @param {string} path of a source */
const source = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * What imports inlined-*.js when it needs it leaves it a file of its own in dist/, which nobody loads
 * who does not need it.
 *
 * @type {Plugin}
 */
export const inlinedStayFiles = {
  name: 'inlined-stay-files',
  setup({ onResolve }) {
    onResolve({ filter: /\/inlined-[\w-]+\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/**
 * Gives inlined-*.js what they import.
 *
 * @param {Record<string, () => Promise<string>>} files as text, by their names
 * @returns {Plugin}
 */
export const inlines = (files) => ({
  name: 'inlines',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^inlined:/ }, ({ path }) => ({
      path: path.slice('inlined:'.length),
      namespace: 'inlined',
    }));
    onLoad({ filter: /./, namespace: 'inlined' }, async ({ path }) => ({
      contents: await files[path](),
      loader: 'text',
    }));
  },
});

/**
 * The sources that look for files have twins that do not.
 *
 * @type {Plugin}
 */
export const allInOne = {
  name: 'all-in-one',
  setup({ onResolve }) {
    const core = source('loader/packaged.inline.js');
    onResolve({ filter: /^#host$/ }, () => ({ path: source('worker/host.inline.js') }));
    onResolve({ filter: /\/packaged\.js$/ }, ({ importer, resolveDir }) =>
      resolveDir === source('loader') && importer !== core ? { path: core } : undefined,
    );
  },
};
