/**
 * `make bench-profile PART=name`: a figure in short, with V8's profiler in each of its threads. Prints where their time
 * went, and leaves a .cpuprofile of each in build/bench/profile/, which the DevTools of Chromium open as flame graphs.
 *
 *   ENGINES="node chromium" node bench/profile.js PART ...      Node by default
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { chosenEngines, chosenParts } from './choice.js';
import { coreNames } from './profile/core-names.js';
import { profileInChromium } from './profile/in-chromium.js';
import { profileInNode } from './profile/in-node.js';
import { selfTimes } from './profile/self-times.js';
import { textTable } from './words.js';

/** What is less is not printed. */
const [LEAST, MOST] = [0.01, 15];
const folder = 'build/bench/profile/';
const root = new URL('../', import.meta.url);

const percent = (/** @type {number} */ part) => `${(part * 100).toFixed(1)} %`;

/** @type {Partial<Record<import('./team.js').EngineName, (figure: string) => Promise<import('./profile/profiles.js').Profiled[]>>>} */
const profilers = { node: profileInNode, chromium: profileInChromium };

/** @param {string} name of the file @param {import('./profile/profiles.js').Profiled} profiled */
function tell(name, { thread, profile }) {
  const { ms, idle, functions } = selfTimes(profile);
  const file = `${folder}${name}.cpuprofile`;
  writeFileSync(new URL(file, root), JSON.stringify(profile));
  const rows = functions
    .filter(({ part }) => part >= LEAST)
    .slice(0, MOST)
    .map(({ name, where, part }) => [name, where, percent(part)]);
  console.log(`\n${thread}: ${(ms / 1000).toFixed(1)} s, idle ${percent(idle)} of it; ${file}`);
  console.log(textTable([['function', 'at', 'self'], ...rows]));
}

if (process.argv.length < 3)
  throw new Error('PART says which figure: make bench-profile PART=throughput');
process.env.QUICK = '1';
const nameOf = coreNames();
mkdirSync(new URL(folder, root), { recursive: true });
for (const engine of chosenEngines(['node'])) {
  const run = profilers[engine];
  if (!run) throw new Error(`V8's profiler is in node and chromium, not in ${engine}`);
  for (const part of chosenParts(process.argv.slice(2))) {
    const profiles = await run(part);
    for (const [i, { thread, profile }] of profiles.entries()) {
      for (const { callFrame } of profile.nodes) {
        callFrame.functionName = nameOf(callFrame);
      }
      tell(`${engine}-${part}-${i}-${basename(thread, '.js')}`, {
        thread: basename(thread),
        profile,
      });
    }
  }
}
