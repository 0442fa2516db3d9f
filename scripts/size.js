// Prints what each published file weighs, in bytes, and what each object costs in core.wasm.
import { weighObjects } from './objects.js';
import { weigh } from './weigh.js';

/** @param {unknown[]} row */
function print([first, ...numbers]) {
  const cells = numbers.map((number) => String(number).padStart(10));
  console.log(`${String(first).padEnd(20)}${cells.join('')}`);
}

const files = ['dist/sluice.js', 'dist/sluice.node.js', 'dist/core.wasm'];
print(['file', 'raw', 'minified', 'brotli']);
for (const weight of await Promise.all(files.map(weigh))) print(Object.values(weight));

console.log();
print(['in core.wasm', 'raw', '', 'brotli']);
for (const { name, raw, brotli } of weighObjects()) print([name, raw, '', brotli]);
