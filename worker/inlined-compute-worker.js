/**
 * compute-worker.js inside of a script, for where its file is not beside the package's, or of another
 * origin: dist/inlined-compute-worker.js.
 */

export { default as source } from 'inlined:compute-worker.js';
