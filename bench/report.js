/**
 * `make bench-report`: writes what a run says into docs/benchmarks.md and README.md, and its plots as a page.
 *
 *   node bench/report.js FILE      of JSON lines; bench/results.jsonl by default
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { docsText, parse, put, readmeText } from './docs.js';
import { pageOf } from './plots.js';

const root = new URL('../', import.meta.url);
const file = process.argv[2] ?? 'bench/results.jsonl';
const lines = parse(readFileSync(new URL(file, root), 'utf8'));

/** @param {string} name @param {string} figures */
function update(name, figures) {
  const url = new URL(name, root);
  writeFileSync(url, put(readFileSync(url, 'utf8'), figures));
  console.log(`${name}: from ${lines.length} lines of ${file}`);
}

update('docs/benchmarks.md', docsText(lines));
update('README.md', readmeText(lines));
mkdirSync(new URL('build/bench/', root), { recursive: true });
writeFileSync(new URL('build/bench/report.html', root), await pageOf(lines));
console.log('build/bench/report.html: the plots');
