// Has each function of the core that orders memory an edge in a program of the explorer?
//
//   node core/test/weak/edges.js
//
// A function of core/src that names an order stronger than relaxed has to be mirrored: an edge of a
// program of its object is called "FUNCTION: ...", by the function's name or by what it ends with.
// What is not mirrored stands in unmirrored.txt, with the reason: FILE:FUNCTION REASON, a line each.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blank, functions } from '../mutate/scan.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const CORE = join(HERE, '../..');
const ORDER = /memory_order_(acquire|release|acq_rel|seq_cst)/;

const texts = (folder) =>
  readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]);

/** Where the programs for a source are, if not in the file whose name its own begins with. */
const PROGRAMS = {
  burial: ['space'],
  directory: ['table'],
  internal: ['space'],
  kinds: ['table'],
  lock: ['mutex', 'rwlock'],
  mirror: ['ring'],
  mutex_word: ['mutex', 'cell'],
  participant: ['space'],
  slab: ['slab', 'table'],
  space: ['space', 'table'],
  wait: ['event'],
  words: ['cell'],
};
const stem = (file) => file.replace(/\.\w+$/, '');

/** The functions that the edges of a file name. */
const named = new Map();
for (const [file, text] of texts(HERE)) {
  const names = [...text.matchAll(/"(\w+): [^"]+"/g)].map(([, name]) => name);
  named.set(stem(file), new Set([...(named.get(stem(file)) ?? []), ...names]));
}

/** @param {string} source @param {string} name */
function isMirrored(source, name) {
  const own = [...named.keys()].filter((program) => source.startsWith(program));
  const longest = own.sort((a, b) => b.length - a.length).slice(0, 1);
  const ends = [name, ...[...name.matchAll(/_/g)].map(({ index }) => name.slice(index + 1))];
  return (PROGRAMS[source] ?? longest).some((program) =>
    ends.some((end) => named.get(program)?.has(end)),
  );
}

const listed = new Map(
  readFileSync(join(HERE, 'unmirrored.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.split(/\s+/, 1)[0], line]),
);

const unmirrored = texts(join(CORE, 'src')).flatMap(([file, text]) => {
  const code = blank(text);
  return functions(code)
    .filter(([name, from, to]) => ORDER.test(code.slice(from, to)) && !isMirrored(stem(file), name))
    .map(([name]) => `${file}:${name}`);
});

const wrong = [
  ...unmirrored
    .filter((name) => !listed.has(name))
    .map((name) => `${name} orders memory, and no program mirrors it`),
  ...[...listed.keys()]
    .filter((name) => !unmirrored.includes(name))
    .map((name) => `${name} stands in unmirrored.txt, and is mirrored, or is no such function`),
];
for (const line of wrong) {
  console.log(`weak: ${line}`);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
