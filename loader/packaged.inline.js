/** packaged.js for the entry "sluice/inline", which has the core in itself. */

import { bytes } from './inlined-core.js';
import { compile } from './module.js';

export { USUAL_MEMORY } from './packaged.js';

/** @type {Promise<import('./module.js').Compiled> | undefined} */
let core;

/** @returns {Promise<import('./module.js').Compiled>} */
export function packagedCore() {
  core ??= compile(bytes()).catch((error) => {
    core = undefined; // the next caller tries again
    throw error;
  });
  return core;
}
