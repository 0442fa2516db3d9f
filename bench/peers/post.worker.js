/** What a hand-made pool does: an id, a name, arguments; an answer by id. */

import { listen, parentPort } from '../post.js';
import { served } from './served.js';

const port = parentPort();
listen(port, ({ task, name, args }) => {
  const { [name]: work } = /** @type {Record<string, (...args: any[]) => unknown>} */ (served);
  port.postMessage({ task, value: work(...args) });
});
