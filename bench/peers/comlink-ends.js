/** Comlink over any port: in Node by the adapter that its documentation names. */

import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** @param {any} port @returns {any} */
export const endpoint = (port) => ('on' in port ? nodeEndpoint(port) : port);
