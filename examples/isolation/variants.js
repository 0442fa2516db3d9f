// The same page under other headers: what each does to it. Read by the server and by the page.

const COOP = 'Cross-Origin-Opener-Policy';
const COEP = 'Cross-Origin-Embedder-Policy';
const isolating = { [COOP]: 'same-origin', [COEP]: 'require-corp' };

/**
 * @typedef {object} Variant
 * @property {string} title
 * @property {Record<string, string>} headers of every response
 * @property {Record<string, string>} [worker] of the worker's script, where they are others
 */

/** @type {Record<string, Variant>} */
export const variants = {
  isolated: { title: 'The two headers', headers: isolating },
  nothing: { title: 'No headers', headers: {} },
  'opener-only': { title: 'The opener policy alone', headers: { [COOP]: 'same-origin' } },
  'embedder-only': { title: 'The embedder policy alone', headers: { [COEP]: 'require-corp' } },
  credentialless: {
    title: 'credentialless in place of require-corp',
    headers: { ...isolating, [COEP]: 'credentialless' },
  },
  'report-only': {
    title: 'Headers that only report',
    headers: {
      [`${COOP}-Report-Only`]: 'same-origin',
      [`${COEP}-Report-Only`]: 'require-corp',
    },
  },
  document: {
    title: 'Document-Isolation-Policy alone',
    headers: { 'Document-Isolation-Policy': 'isolate-and-require-corp' },
  },
  'bare-worker': {
    title: 'The two headers, but not on the worker',
    headers: isolating,
    worker: { [COOP]: 'same-origin' },
  },
  policy: {
    title: 'A Content-Security-Policy against workers',
    headers: {
      ...isolating,
      'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'",
    },
  },
};

/** Which one an address is of: /nothing/index.html. @param {string} pathname */
export const variantOf = (pathname) => pathname.split('/')[1];
