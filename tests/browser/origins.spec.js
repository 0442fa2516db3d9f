// Threads of another origin, or of nobody's: a frame that is sandboxed, a worker of a data: URL.
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { build } from 'esbuild';
import { test } from './engines.js';
import { leftOutTag, projects } from './projects.js';

/** @param {string} file in origins/ @param {'esm' | 'iife'} format */
async function bundle(file, format) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`origins/${file}`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format,
  });
  return outputFiles[0].text;
}

// On an isolated page WebKit starts no worker there: docs/engines.md.
const notThere = { tag: '@not-webkit' };

test(
  'a sandboxed frame moves messages, calls its workers and ends them',
  notThere,
  async ({ tab }) => {
    const [page, worker] = await Promise.all([
      bundle('page.js', 'esm'),
      bundle('worker.js', 'iife'),
    ]);
    await tab.goto('/tests/conformance/page.html');
    const came = await tab.evaluate(
      ({ page, worker }) => {
        /** @param {string} type @param {string} text */
        const script = (type, text) =>
          `<script type="${type}">${text.replaceAll('</script', '<\\/script')}</${'script'}>`;
        const frame = document.createElement('iframe');
        frame.sandbox.add('allow-scripts');
        frame.srcdoc =
          script('text/javascript', `workerScript = ${JSON.stringify(worker)}`) +
          script('module', page);
        const answer = new Promise((resolve) => {
          addEventListener('message', ({ data }) => resolve(data), { once: true });
        });
        document.body.append(frame);
        return answer;
      },
      { page, worker },
    );
    expect(came).toEqual(['null', 3, 'hello', 7]);
  },
);

test('a worker of a data: URL has a space over messages, and is not let into shared memory', async ({
  tab,
  isolated,
}) => {
  const script = `data:text/javascript,${encodeURIComponent(await bundle('worker.js', 'iife'))}`;
  await tab.goto('/tests/conformance/page.html');
  const came = await tab.evaluate(async (script) => {
    const address = '/dist/sluice.js';
    /** @type {typeof import('sluice')} */
    const { connect, create, spawn } = await import(address);
    const spaces = [await create({ transport: 'message' }), await create()];
    const added = spaces.map(async (space) => {
      const peer = await spawn(space, () => new Worker(script));
      const sum = await /** @type {any} */ (connect(peer)).add(1, 2);
      await peer.terminate();
      return sum;
    });
    const results = await Promise.allSettled(added);
    for (const space of spaces)
      while (space.stats().peers > 1) await new Promise((resolve) => setTimeout(resolve));
    await Promise.all(spaces.map((space) => space.close()));
    return results.map((r) => (r.status === 'fulfilled' ? r.value : r.reason.code));
  }, script);
  expect(came).toEqual([3, isolated ? 'not-isolated' : 3]);
});

// An isolated page has no frame of another origin that does not ask for it.
const alone = projects.filter(({ isolated }) => isolated).map(leftOutTag);

test("a frame of another origin is called, whose lock's name says nothing here", {
  tag: alone,
}, async ({ tab }) => {
  await tab.goto('/tests/conformance/page.html');
  const came = await tab.evaluate(async () => {
    const address = '/dist/sluice.js';
    /** @type {typeof import('sluice')} */
    const { connect } = await import(address);
    const frame = document.createElement('iframe');
    const url = new URL('/tests/browser/origins/frame.html', location.href);
    url.hostname = 'localhost';
    frame.src = url.href;
    const served = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
    document.body.append(frame);
    const remote = /** @type {any} */ (connect((await served).ports[0]));
    const there = await remote.where();
    // After this, a lock of that name here would have been granted. (Chromium refuses locks to such a
    // frame, as where cookies of others are blocked, and there it has none to name.)
    await navigator.locks.request('a turn', () => {});
    const sum = await remote.add(1, 2);
    frame.remove();
    return [there === url.origin && there !== origin, sum];
  });
  expect(came).toEqual([true, 3]);
});
