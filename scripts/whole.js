// All of the package, once more: see scripts/build.js.
export * from '../loader/index.js';
