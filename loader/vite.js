/**
 * A plugin for Vite, "sluice/vite": its two servers isolate what they send, so that memory is shared there.
 *
 *     import { sluice } from 'sluice/vite';
 *     export default { plugins: [sluice()] };
 *
 * What is deployed gets its headers from its host: docs/recipes.md.
 *
 * They are set on every response, before anything answers: Vite's own `headers` do not reach the pages
 * of a framework that renders on the server, nor what comes through a proxy.
 */

/**
 * `credentialless`: others' images and fonts load without a header of theirs, and WebKit shares nothing.
 * @typedef {'require-corp' | 'credentialless'} Embedder
 */

/** @typedef {Record<string, unknown>} Headers as Vite's configuration has them */
/** @typedef {{ setHeader(name: string, value: string): unknown }} Response */
/** @typedef {(request: unknown, response: Response, next: () => void) => void} Handler */
/** @typedef {{ use(handler: Handler): unknown }} Middlewares */

/**
 * @param {Headers | undefined} configured a header that is among them stays as it is there
 * @param {Embedder} coep
 */
function isolating(configured, coep) {
  const theirs = Object.fromEntries(
    Object.entries(configured ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const embedder = String(theirs['cross-origin-embedder-policy'] ?? coep);
  return Object.entries({
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': embedder,
    // One that differs from the embedder policy would keep out in Chromium what that lets in.
    'Document-Isolation-Policy': `isolate-and-${embedder}`,
  }).map(([name, value]) => [name, String(theirs[name.toLowerCase()] ?? value)]);
}

/**
 * @param {Middlewares} middlewares
 * @param {Headers | undefined} configured
 * @param {Embedder} coep
 */
function isolate(middlewares, configured, coep) {
  const headers = isolating(configured, coep);
  middlewares.use((_, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  });
}

/**
 * @param {object} [options]
 * @param {Embedder} [options.coep] `require-corp` by default
 * @returns what goes among Vite's `plugins`
 */
export const sluice = ({ coep = 'require-corp' } = {}) => ({
  name: 'sluice',
  enforce: /** @type {const} */ ('pre'),

  /** @param {{ worker?: { format?: 'es' | 'iife' } }} user */
  config: ({ worker }) => ({
    // Vite 7 would prepare it without the files that it names by their URLs.
    optimizeDeps: { exclude: ['sluice'] },
    // Vite's own 'iife' has no `await` at the top of a worker, which is where attach() goes.
    worker: { format: worker?.format ?? /** @type {const} */ ('es') },
  }),

  /** @param {{ middlewares: Middlewares, config: { server: { headers?: Headers } } }} server */
  configureServer({ middlewares, config }) {
    isolate(middlewares, config.server.headers, coep);
  },

  /** @param {{ middlewares: Middlewares, config: { preview: { headers?: Headers } } }} server */
  configurePreviewServer({ middlewares, config }) {
    isolate(middlewares, config.preview.headers, coep);
  },
});
