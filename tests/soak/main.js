// make soak: MINUTES (10) of load over each transport, in Node and in Chromium at the same time. One
// JSON line a minute for each, and a verdict.

import { readFile } from 'node:fs/promises';
import { nodeEnv } from '../random/main.js';
import { growth, startSoak } from './load.js';

/** @typedef {import('./load.js').Round} Round */
/** @typedef {import('./load.js').Sample} Sample */
const WARM_UP = 3;

/** Bytes of a process that are in memory and of no file. @param {number | 'self'} pid */
async function resident(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  /** @param {string} name */
  const kilobytes = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))?.[1]);
  return 1024 * (kilobytes('RssAnon') + kilobytes('RssShmem'));
}

/**
 * @param {string} where
 * @param {() => Promise<Round>} round
 * @param {number | 'self'} pid
 * @param {number} ms
 * @returns {Promise<string[]>} problems
 */
async function soak(where, round, pid, ms) {
  /** @type {Sample[]} */
  const samples = [];
  const began = performance.now();
  let minute = 0;
  for (let i = 0; i < WARM_UP; i++) await round();
  do {
    samples.push({ ...(await round()), resident: await resident(pid) });
    const passed = performance.now() - began;
    if (passed < ms && passed < (minute + 1) * 60_000) continue;
    minute++;
    console.log(JSON.stringify({ where, minute, rounds: samples.length, ...samples.at(-1) }));
  } while (performance.now() - began < ms || samples.length < WARM_UP);
  return growth(samples);
}

/** @param {'shared' | 'message'} transport @param {number} ms */
export async function soakNode(transport, ms) {
  const running = await startSoak(nodeEnv(transport), 1);
  const problems = await soak(`node ${transport}`, running.round, 'self', ms);
  await running.close();
  return problems;
}

/** The process of the page. @param {import('@playwright/test').Browser} browser @returns {Promise<number>} */
async function rendererOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  // The one that has worked longest: another may wait for a page to come.
  const [first] = processInfo
    .filter(({ type }) => type === 'renderer')
    .sort((one, other) => other.cpuTime - one.cpuTime);
  return first.id;
}

/** @param {'shared' | 'message'} transport @param {number} ms */
async function soakChromium(transport, ms) {
  const { chromium } = await import('@playwright/test');
  const { locate, programs } = await import('../browser/programs.js');
  const { startServers } = await import('../server.js');
  const servers = await startServers();
  const browser = await chromium.launch({
    executablePath: locate(programs.chromium),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--enable-precise-memory-info',
      '--js-flags=--expose-gc',
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(
      `${transport === 'shared' ? servers.isolated : servers.plain}/tests/conformance/page.html`,
    );
    await page.evaluate(async (transport) => {
      const address = '/tests/soak/load.js';
      const { startSoak } = await import(address);
      const env = {
        engine: 'chromium',
        isolated: transport === 'shared',
        transport,
        options: {},
        url: (/** @type {string} */ path) => `${location.origin}/${path}`,
        worker: (/** @type {string} */ path) => new Worker(path, { type: 'module' }),
      };
      /** @type {any} */ (globalThis).soak = await startSoak(env, 2);
    }, transport);
    const round = () => page.evaluate(() => /** @type {any} */ (globalThis).soak.round());
    const problems = await soak(`chromium ${transport}`, round, await rendererOf(browser), ms);
    await page.evaluate(() => /** @type {any} */ (globalThis).soak.close());
    return problems;
  } finally {
    await browser.close();
    await servers.close();
  }
}

async function main() {
  const ms = Number(process.env.MINUTES ?? 10) * 60_000;
  const problems = [];
  for (const transport of /** @type {const} */ (['shared', 'message'])) {
    const both = await Promise.allSettled([
      soakNode(transport, ms / 2),
      soakChromium(transport, ms / 2),
    ]);
    for (const one of both) {
      if (one.status === 'rejected')
        problems.push(`over ${transport}: ${one.reason?.stack ?? one.reason}`);
      else problems.push(...one.value.map((text) => `over ${transport}: ${text}`));
    }
  }
  for (const problem of problems) console.log(problem);
  console.log(problems.length > 0 ? 'soak: FAILED' : 'soak: memory is flat, all is accounted for');
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith('soak/main.js')) await main();
