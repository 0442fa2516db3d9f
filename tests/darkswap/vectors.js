// The standards' vectors: the repository's own (vectors/, each names its source), which the engine's tests in C
// read too, and those of the folder that SLUICE_VECTORS names, in the same lines.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const others = process.env.SLUICE_VECTORS;

/** @typedef {{source: string, kind: string, hex: string, rest: string}} Vector */

/** @param {string} name @returns {Promise<any>} undefined where there is none */
async function otherJson(name) {
  const path = join(others ?? '', name);
  return others && existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined;
}

/** Strings and addresses of BIP-173 or BIP-350. @param {string} name */
async function otherStrings(name) {
  const { source: _, license: __, ...groups } = (await otherJson(name)) ?? {};
  return Object.entries(groups).flatMap(([kind, cases]) =>
    cases.map((/** @type {any} */ one) =>
      [kind, one.hex ?? Buffer.from(one.address).toString('hex'), one.scriptPubKey ?? one.reason]
        .filter(Boolean)
        .join(' '),
    ),
  );
}

const psbtKinds = /** @type {const} */ ([
  [/are invalid PSBTs/, 'invalid'],
  [/are valid PSBTs/, 'valid'],
  [/^Fails Signer/, 'unsignable'],
]);

async function otherPsbts() {
  const { groups = [] } = (await otherJson('bip174/bip-0174.json')) ?? {};
  return psbtKinds.flatMap(([title, kind]) =>
    groups
      .filter((/** @type {any} */ group) => title.test(group.title))
      .flatMap((/** @type {any} */ group) => group.cases)
      .map((/** @type {any} */ one) => `${kind} ${one.hex} ${one.case}`),
  );
}

/** Lines by the name of the repository's own file. @type {Record<string, () => Promise<string[]>>} */
export const otherLines = {
  'bip173.txt': () => otherStrings('bip350_173/bip-0173.json'),
  'bip174.txt': otherPsbts,
  'bip350.txt': () => otherStrings('bip350_173/bip-0350.json'),
  async 'bip340.csv'() {
    const path = join(others ?? '', 'bip340/test-vectors.csv');
    return others && existsSync(path) ? (await readFile(path, 'utf8')).split(/\r?\n/) : [];
  },
};

/** @param {string} name of the repository's own file */
export const own = (name) => readFile(new URL(`vectors/${name}`, import.meta.url), 'utf8');

/** Its lines and the others'. @param {string} name @returns {Promise<Vector[]>} */
export async function vectors(name) {
  /** @param {string} source @param {string[]} lines */
  const read = (source, lines) =>
    lines
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => {
        const [kind, hex, ...rest] = line.split(' ');
        return { source, kind, hex, rest: rest.join(' ') };
      });
  return [
    ...read('own', (await own(name)).split('\n')),
    ...read('others', await otherLines[name]()),
  ];
}
