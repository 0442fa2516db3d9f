// What `make serve` lists is there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';

const script = fileURLToPath(new URL('../../scripts/serve.js', import.meta.url));
const EXAMPLES = ['cities', 'audio', 'shared-state', 'darkswap'];

/** The addresses that it prints; undefined where another program has one of its three ports. */
async function serve() {
  const PORT = String(await freePort());
  const child = spawn('node', [script], { env: { ...process.env, PORT } });
  /** @type {string[]} */
  const addresses = [];
  for await (const line of createInterface(child.stdout)) {
    addresses.push(line.slice(line.indexOf('http')));
    if (line.startsWith('what isolates a page')) return { child, addresses };
  }
  return undefined;
}

test('make serve lists a page for each example that has one, and they are there', {
  timeout: 60_000,
}, async () => {
  let served;
  for (let tries = 0; !served && tries < 10; tries++) served = await serve();
  assert.ok(served, 'make serve never came up');
  const { child, addresses } = served;
  try {
    for (const address of addresses) {
      const response = await fetch(address);
      assert.equal(response.status, 200, address);
      assert.match(await response.text(), /<script/, address);
    }
    for (const example of EXAMPLES)
      assert.ok(
        addresses.some((address) => address.includes(`/examples/${example}/`)),
        example,
      );
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
