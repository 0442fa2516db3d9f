/** The shim: poolifier-web-worker takes what has no `window` for no browser, and a worker has none. */

/** @type {any} */ (globalThis).window = globalThis;
