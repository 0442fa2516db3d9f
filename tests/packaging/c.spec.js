// The examples in C, built from the packed tarball by `make c-examples`: their pages do what they say.
import { existsSync } from 'node:fs';
import { expect } from '@playwright/test';
import { test } from '../browser/engines.js';
import { startServers } from '../server.js';

/** @type {import('../server.js').Servers} */
let servers;
test.beforeAll(async () => {
  servers = await startServers();
});
test.afterAll(() => servers.close());

/** @param {string} name @param {string} [query] */
function pageOf(name, query = '') {
  const path = `/build/packaging/${name}/public/index.html`;
  const file = new URL(`../..${path}`, import.meta.url);
  expect(existsSync(file), 'built: make c-examples').toBe(true);
  return `${servers.isolated}${path}${query}`;
}

/** The sum of the squares below `count`. @param {bigint} count */
const squares = (count) => ((count - 1n) * count * (2n * count - 1n)) / 6n;

test('a program of emcc -pthread, the page and a worker share channels', async ({ tab }) => {
  const count = 20_000;
  await tab.goto(pageOf('c-pthread', `?count=${count}`));
  const program = () => tab.evaluate(() => /** @type {any} */ (globalThis).slept());
  // It sleeps in the futex while nobody asks: once, and does not poll.
  await expect.poll(program, { timeout: 20_000 }).toBe(1);
  const result = await tab.evaluate(async () => {
    const slept = await /** @type {any} */ (globalThis).slept();
    document.getElementById('ask')?.click();
    const { page, worker, ...others } = await /** @type {any} */ (globalThis).done;
    // WebDriver carries no bigint.
    const texts = [page, worker].map((report) => ({ ...report, sum: String(report.sum) }));
    return { slept, texts, ...others };
  });
  const report = { answers: count, wrong: 0, sum: String(squares(BigInt(count))) };
  expect(result).toMatchObject({
    slept: 1,
    texts: [report, report],
    sent: 2 * count,
    received: 2 * count,
    exit: 0,
  });
});

// The same arithmetic as in engine.c: both compute with doubles.
function mandelbrot() {
  const [width, height, limit] = [480, 360, 250];
  return Array.from({ length: width * height }, (_, i) => {
    const x = -2.2 + (3.2 * (i % width)) / width;
    const y = -1.2 + (2.4 * Math.floor(i / width)) / height;
    let [a, b, n] = [0, 0, 0];
    for (; n < limit && a * a + b * b <= 4; n++) [a, b] = [a * a - b * b + x, 2 * a * b + y];
    return n;
  });
}

test('the C functions of a module run in every worker', async ({ tab }) => {
  await tab.goto(pageOf('c-module'));
  /** @type {{steps: number[], inside: number, rows: number[], failed: number[]}} */
  const result = await tab.evaluate(() => /** @type {any} */ (globalThis).done);
  const expected = mandelbrot();
  expect(result.steps.findIndex((n, i) => n !== expected[i])).toBe(-1);
  expect(result.steps.length).toBe(expected.length);
  expect(result.inside).toBe(expected.filter((n) => n === 250).length);
  expect(result.rows).toEqual([180, 180]); // each of two workers has sent its half
  expect(result.failed).toEqual([]);
});
