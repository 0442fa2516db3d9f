// A page that its user comes back to, out of the back-forward cache: what it had goes on.
import { expect } from '@playwright/test';
import { test } from './engines.js';
import { leftOutTag, projects } from './projects.js';

const PAGE = '/tests/conformance/page.html';

// The others are driven without that cache, or keep no page that has workers.
const tag = projects.filter(({ engineName }) => engineName !== 'webkit').map(leftOutTag);

/** @param {import('./launch.js').Tab} tab @param {() => boolean} there */
async function until(tab, there) {
  while (!(await tab.evaluate(there).catch(() => false)));
}

test('a page that comes back has its workers, and hears of their deaths', { tag }, async ({
  tab,
}) => {
  await tab.goto(PAGE);
  await tab.evaluate(async () => {
    const address = '/dist/sluice.js';
    /** @type {typeof import('sluice')} */
    const { connect, create, pool, spawn } = await import(address);
    const space = await create();
    const script = '/tests/conformance/workers/serve.js';
    const peer = await spawn(space, () => new Worker(script, { type: 'module' }));
    const remote = /** @type {any} */ (connect(peer));
    await remote.add(1, 2);
    const dying = /** @type {any} */ (
      connect(await spawn(space, () => new Worker(script, { type: 'module' })))
    );
    await dying.add(1, 2);
    const other = await create({ wasm: '/build/test/engine.wasm' });
    const computers = pool(other, undefined, { size: 1 });
    await computers.parallel('engine_squares', 16, [-1]);
    Object.assign(globalThis, { space, peer, remote, dying, other, computers });
    setTimeout(() => location.assign('/package.json'));
  });
  await until(tab, () => location.pathname === '/package.json');
  await tab.evaluate(() => {
    setTimeout(() => history.back());
  });
  await until(tab, () => location.pathname !== '/package.json');
  const came = await tab.evaluate(async () => {
    const { space, peer, remote, dying, other, computers } = /** @type {any} */ (globalThis);
    if (!space) return 'the page was not kept';
    const sum = await remote.add(3, 4);
    const death = await dying.exit().catch((/** @type {any} */ error) => error.code);
    await peer.terminate();
    await computers.parallel('engine_squares', 16, [-1]);
    const { crashed } = computers.stats();
    await other.close();
    await space.close();
    return [sum, death, crashed];
  });
  expect(came).toEqual([7, 'peer-lost', 0]);
});
