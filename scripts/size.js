// Prints what each published file weighs, in bytes.
import { weigh } from './weigh.js';

const files = ['dist/sluice.js', 'dist/sluice.node.js', 'dist/core.wasm'];
const rows = [
  ['file', 'raw', 'minified', 'brotli'],
  ...(await Promise.all(files.map(weigh))).map((weight) => Object.values(weight)),
];
for (const [file, ...numbers] of rows) {
  const cells = numbers.map((number) => String(number).padStart(10));
  console.log(`${String(file).padEnd(20)}${cells.join('')}`);
}
