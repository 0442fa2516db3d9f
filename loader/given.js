/** What create() needs where it is given more than numbers that fit: loaded then. */

export { compile } from './module.js';
export { choosePages } from './pages.js';
