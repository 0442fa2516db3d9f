// What these packages come without.
declare module 'coincident/main';
declare module 'coincident/worker';
declare module 'comlink/dist/esm/comlink.mjs';
declare module 'comlink/dist/esm/node-adapter.mjs';
