/** What a thread is made by, in pages and in Node alike. */

const node = 'node:worker_threads'; // not a literal: a bundler for pages would look for it

/** @type {typeof Worker} Node's does not mind `type: 'module'` */
export const Thread = globalThis.Worker ?? (await import(node)).Worker;
