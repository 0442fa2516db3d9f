/** What the processes of a browser have taken of the processors: a page cannot know, so it asks here. Linux. */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** The kernel counts in these. */
const TICK_MS = 10;

/** @param {string} pid @returns {{pid: number, parent: number, ms: number}[]} none when it has ended */
function look(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything: the state, the parent, and from the 12th on the times.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid: Number(pid), parent: Number(fields[1]), ms: ticks * TICK_MS }];
  } catch {
    return [];
  }
}

/** Milliseconds of all that this process has started, and of what those have. */
function ofChildren() {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(look);
  const ours = new Set([process.pid]);
  let ms = 0;
  for (let found = true; found; ) {
    found = false;
    for (const each of all) {
      if (ours.has(each.pid) || !ours.has(each.parent)) continue;
      ours.add(each.pid);
      ms += each.ms;
      found = true;
    }
  }
  return ms;
}

/** @returns {Promise<{url: string, close(): void}>} */
export async function serveCpu() {
  const server = createServer((_, response) => {
    response.writeHead(200, {
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-store',
    });
    response.end(String(ofChildren()));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
