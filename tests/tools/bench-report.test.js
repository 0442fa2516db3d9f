// The figures of README.md and docs/benchmarks.md are those of bench/results.jsonl: `make bench-report` writes them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { docsText, parse, put, readmeText } from '../../bench/docs.js';

/** @param {string} name */
const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

for (const [name, write] of /** @type {const} */ ([
  ['README.md', readmeText],
  ['docs/benchmarks.md', docsText],
])) {
  test(`${name} says what bench/results.jsonl says`, () => {
    const text = read(name);
    const figures = write(parse(read('bench/results.jsonl')));
    assert.equal(put(text, figures), text, `make bench-report writes ${name} anew`);
  });
}
