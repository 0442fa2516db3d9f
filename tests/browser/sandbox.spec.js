// In a sandboxed frame the origin is nobody's, and Web Locks refuse: spaces, calls and pools work all the same.
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { build } from 'esbuild';
import { test } from './engines.js';

/** @param {string} file in sandbox/ @param {'esm' | 'iife'} format */
async function bundle(file, format) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`sandbox/${file}`, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format,
  });
  return outputFiles[0].text;
}

// On an isolated page WebKit starts no worker there: docs/engines.md.
const tag = '@not-webkit';

test('a sandboxed frame moves messages, calls its workers and ends them', { tag }, async ({
  tab,
}) => {
  const [page, worker] = await Promise.all([bundle('page.js', 'esm'), bundle('worker.js', 'iife')]);
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
});
