/** What create() needs where it is given more than numbers that fit, or finds no core.wasm: loaded then. */

export { compileCore } from './core-elsewhere.js';
export { compile } from './module.js';
export { choosePages } from './pages.js';
