// Serves the demo on two addresses: with the headers that isolate a page, and without them; the examples
// of audio, of a shared state and of an order book beside it, and that of isolation on a third.
import { serveVariants } from '../examples/isolation/server.js';
import { startServers } from '../tests/server.js';

const PAGE = '/examples/cities/index.html';
const AUDIO = '/examples/audio/index.html';
const STATE = '/examples/shared-state/index.html';
const BOOK = '/examples/darkswap/page/index.html';

const first = Number(process.env.PORT ?? 8080);
if (!Number.isInteger(first) || first < 1 || first > 65533) {
  console.error(`serve: PORT is '${process.env.PORT}', and has to be a number from 1 to 65533`);
  process.exit(1);
}

/** @param {Error & { code?: string, port?: number }} error */
function explain(error) {
  if (error.code === 'EADDRINUSE')
    return `port ${error.port} is taken by another program: choose three others, PORT=${first + 1000} make serve`;
  if (error.code === 'EACCES')
    return `port ${error.port} is not open to you: choose one above 1023, PORT=8080 make serve`;
  return String(error);
}

try {
  const servers = await startServers({ ports: { isolated: first, plain: first + 1 } });
  console.log(`isolated, shared memory:     ${servers.isolated}${PAGE}`);
  console.log(`not isolated, over messages: ${servers.plain}${PAGE}`);
  console.log(`a tone through a ring:       ${servers.isolated}${AUDIO}`);
  console.log(`state that workers share:    ${servers.isolated}${STATE}`);
  console.log(`the same over messages:      ${servers.plain}${STATE}`);
  console.log(`an order book in workers:    ${servers.isolated}${BOOK}`);
  const variants = await serveVariants(first + 2);
  console.log(`what isolates a page:        ${variants.address}/isolated/`);
} catch (error) {
  console.error(`serve: ${explain(/** @type {Error} */ (error))}`);
  process.exit(1);
}
