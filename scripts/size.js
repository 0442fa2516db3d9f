// Prints what each published file weighs, in bytes, what a bundler keeps of it, and what each object
// costs in core.wasm. Fails where something has grown above its budget. With MODULES=1 it says of
// each source how many of its bytes each consumer keeps.
import { keptOf } from './kept.js';
import { weighObjects } from './objects.js';
import { weigh } from './weigh.js';

/** @param {unknown[]} row */
function print([first, ...numbers]) {
  const cells = numbers.map((number) => String(number).padStart(10));
  console.log(`${String(first).padEnd(32)}${cells.join('')}`);
}

/** @type {string[]} */
const grown = [];

/** @param {string} name @param {number} bytes @param {number} budget */
function hold(name, bytes, budget) {
  if (bytes > budget) grown.push(`${name}: ${bytes} bytes, above its budget of ${budget}`);
}

/** @type {Record<string, [budget: number, target: number]>} */
const limited = {
  'dist/compute-worker.js': [9_620, 5_000],
  'dist/loader.js': [5_100, 5_100],
  'dist/diagnose.js': [5_000, 5_000],
};
const files = [
  ...Object.keys(limited),
  'dist/compute-worker.node.js',
  'dist/core.wasm',
  'dist/inlined-compute-worker.js',
  'dist/inlined-core.js',
];
print(['file', 'raw', 'minified', 'brotli', 'budget', 'target']);
for (const weight of await Promise.all(files.map(weigh))) {
  const limits = limited[weight.file] ?? [];
  if (limits.length > 0) hold(weight.file, weight.brotli, limits[0]);
  print([...Object.values(weight), ...limits]);
}

const page = ['create', 'spawn', 'channel'];
/** @type {import('./kept.js').Consumer[]} */
const consumers = [
  { name: page.join(', '), names: page, budget: 13_250, target: 6_000 },
  {
    name: '  and serve, connect',
    names: [...page, 'serve', 'connect'],
    budget: 27_160,
    target: 10_000,
  },
  { name: 'everything', budget: 48_050, target: 16_000 },
];
const kept = await Promise.all(consumers.map(({ names }) => keptOf(names)));
console.log();
print(['brotli, of what is kept for', 'at start', 'later', 'together', 'budget', 'target']);
for (const [i, { name, names, budget, target }] of consumers.entries()) {
  const { start, later } = kept[i];
  print([name, start, later, start + later, budget, target]);
  hold(name.trim(), names ? start : start + later, budget);
}

if (process.env.MODULES) {
  console.log();
  print(['minified, of', ...consumers.map((_, i) => `row ${i + 1}`)]);
  const rows = [...kept[kept.length - 1].modules.keys()].map((path) => ({
    path,
    bytes: kept.map(({ modules }) => modules.get(path) ?? 0),
  }));
  rows.sort(
    (a, b) => b.bytes[0] - a.bytes[0] || b.bytes[1] - a.bytes[1] || b.bytes[2] - a.bytes[2],
  );
  for (const { path, bytes } of rows) print([path, ...bytes]);
}

console.log();
print(['in core.wasm', 'raw', '', 'brotli']);
for (const { name, raw, brotli } of weighObjects()) print([name, raw, '', brotli]);

for (const problem of grown) console.error(problem);
process.exitCode = grown.length > 0 ? 1 : 0;
