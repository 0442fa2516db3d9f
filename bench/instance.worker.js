/** A worker that is sent a module and its memory, and says that it has an instance of it. */

import { listen, parentPort } from './post.js';

const port = parentPort();
listen(port, ({ module, memory }) =>
  WebAssembly.instantiate(module, { env: { memory } }).then(() => port.postMessage('ready')),
);
