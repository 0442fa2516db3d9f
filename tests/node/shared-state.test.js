// The example of a shared state in Node, on both transports. TERMINATIONS: of writers, 12 by default.
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';
import { SECURITY_HEADERS, securityHeaders } from '../../examples/shared-state/headers.js';
import { deepEqual, equal } from '../conformance/assert.js';
import { clearResult, writeResult } from '../results.js';
import { cases } from '../shared-state/cases.js';

const jobs = new URL('../shared-state/jobs.js', import.meta.url).href;
const terminations = Number(process.env.TERMINATIONS ?? 12);

for (const transport of /** @type {const} */ (['shared', 'message'])) {
  const name = `shared-state-${transport}`;
  const options = transport === 'message' ? { transport } : {};
  /** @type {import('../shared-state/env.js').Env} */
  const env = { transport, node: true, options, jobs, terminations };
  const here = cases.filter(({ where }) => where?.(env) ?? true);
  let passed = 0;
  clearResult(name);
  describe(`examples/shared-state over ${transport === 'shared' ? 'shared memory' : 'messages'}`, () => {
    for (const one of here)
      test(one.name, { timeout: 1000 * terminations + 30_000 }, async ({ signal }) => {
        await one.run(env);
        if (!signal.aborted) passed++;
      });
    after(() => {
      const result = { name, engine: 'node', version: process.versions.node };
      writeResult(name, { ...result, passed, failed: here.length - passed });
    });
  });
}

test('securityHeaders() sends the two headers with whatever is answered', async () => {
  const server = createServer((request, response) => {
    securityHeaders(request, response, () => {
      response.writeHead(request.url === '/' ? 200 : 404).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  for (const path of ['/', '/missing']) {
    const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) equal(headers.get(name), value);
  }
  deepEqual(Object.values(SECURITY_HEADERS), ['same-origin', 'require-corp']);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
