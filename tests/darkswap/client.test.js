// DarkSwap's clients in Node; tests/browser/darkswap-client.spec.js runs the same cases in browsers.
import { after, before, describe, test } from 'node:test';
import { startServers } from '../server.js';
import { casesOf, runCase } from './client-cases.js';

const { href: engine } = new URL('../../build/darkswap/engine.wasm', import.meta.url);
const DEADLINE = 20_000;

/** @type {import('../server.js').Servers} */
let servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.close());

const wrong = () => ({
  missing: `${servers.isolated}/build/darkswap/none.wasm`,
  text: `${servers.isolated}/package.json`,
  other: `${servers.isolated}/dist/core.wasm`,
});

/** @type {{ kind: import('./client-cases.js').Env['kind'], transport: string, forced?: boolean }[]} */
const settings = [
  { kind: 'DarkSwapClient', transport: 'none' },
  { kind: 'SharedMemoryDarkSwapClient', transport: 'shared' },
  { kind: 'SharedMemoryDarkSwapClient', transport: 'message', forced: true },
];

for (const setting of settings)
  describe(`${setting.kind} in Node, transport ${setting.transport}`, () => {
    for (const name of casesOf(setting.kind))
      test(name, { timeout: DEADLINE }, () =>
        runCase(name, { ...setting, engine, wrong: wrong() }),
      );
  });
