// Small wasm modules, assembled by hand, and the address at which the server answers with one.

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [TYPE, IMPORT, FUNCTION, MEMORY, EXPORT, START, CODE] = [1, 2, 3, 5, 7, 8, 10];
const [I32, END] = [0x7f, 0x0b];
const [MAXIMUM, SHARED, WIDE] = [1, 2, 4];

/** @param {string} text */
const name = (text) => [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
/** @param {number} id @param {number[][]} items each below 128 in number and size */
function section(id, ...items) {
  const content = [items.length, ...items.flat()];
  return [id, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
}
/** @param {number[]} body without locals */
const code = (...body) => [body.length + 2, 0, ...body, END];
/** @param {number[][]} sections */
const module = (...sections) => Uint8Array.from([...HEADER, ...sections.flat()]);

const NO_RESULT = [0x60, 0, 0];
const GIVES_I32 = [0x60, 0, 1, I32];
const TAKES_I32 = [0x60, 1, I32, 0];

/** @param {string} field @param {number[]} limits */
const memoryImport = (field, limits) => [...name('env'), ...name(field), 2, ...limits];

/** i32.const 0; i32.const 1; i32.atomic.rmw.add: gives what was there before. */
const BUMP = [0x41, 0, 0x41, 1, 0xfe, 0x1e, 2, 0];

/** @param {number[]} limits */
const counterOver = (limits) =>
  module(
    section(TYPE, GIVES_I32),
    section(IMPORT, memoryImport('memory', limits)),
    section(FUNCTION, [0]),
    section(EXPORT, [...name('bump'), 0, 0]),
    section(CODE, code(...BUMP)),
  );

/** Exports bump(), which counts in the first word of the memory env.memory that it imports. */
export const counter = counterOver([MAXIMUM | SHARED, 1, 4]);
/** The same over a memory that is not shared. */
export const plainCounter = counterOver([MAXIMUM, 1, 4]);
/** The same without a maximum. */
export const endlessCounter = counterOver([0, 1]);
/** Shared, and up to 4 GiB. */
export const hugeCounter = counterOver([MAXIMUM | SHARED, 1, 0x80, 0x80, 4]);

/** Exports run(), which calls the import env.log with 42. */
export const caller = module(
  section(TYPE, TAKES_I32, NO_RESULT),
  section(IMPORT, [...name('env'), ...name('log'), 0, 0]),
  section(FUNCTION, [1]),
  section(EXPORT, [...name('run'), 0, 1]),
  section(CODE, code(0x41, 42, 0x10, 0)),
);

/** Imports a function and a shared memory, and does nothing. */
export const needy = module(
  section(TYPE, NO_RESULT),
  section(
    IMPORT,
    memoryImport('memory', [MAXIMUM | SHARED, 1, 1]),
    [...name('env'), ...name('log'), 0, 0],
    [...name('wasi'), ...name('exit'), 0, 0],
  ),
);

/** Traps when it starts. */
export const trapping = module(
  section(TYPE, NO_RESULT),
  section(FUNCTION, [0]),
  [START, 1, 0],
  section(CODE, code(0x00)),
);

/** Exports a memory of its own. */
export const owner = module(section(MEMORY, [0, 1]), section(EXPORT, [...name('memory'), 2, 0]));

export const wide = module(section(IMPORT, memoryImport('memory', [MAXIMUM | WIDE, 1, 2])));
export const ownWide = module(section(MEMORY, [WIDE, 1]));
export const two = module(
  section(IMPORT, memoryImport('first', [MAXIMUM, 1, 2]), memoryImport('second', [MAXIMUM, 1, 2])),
);
export const ownTwo = module(section(MEMORY, [0, 1], [0, 1]));

/** Imports a global of the type (ref null extern) before its memory. */
export const reference = module(
  section(
    IMPORT,
    [...name('env'), ...name('text'), 3, 0x63, 0x6f, 0],
    memoryImport('memory', [MAXIMUM, 2, 3]),
  ),
);

/** What has nothing in it, told apart by `n` in a custom section. @param {number} n below 128 */
export const empty = (n) => module([0, 3, 1, 0x6e, n]);

let keys = 0;
/** Nobody else has this address. */
export const freshKey = () => `${Date.now()}-${Math.random()}-${keys++}`;

/**
 * The address of a module, on the server that a case runs against.
 *
 * @param {import('./env.js').Env} env
 * @param {Uint8Array | string | undefined} of the module, or a file of the repository
 * @param {Record<string, string>} [query] of tests/module-routes.js; a fresh key by default
 */
export function addressOf(env, of, query = {}) {
  const url = new URL(env.fault('module.wasm'));
  if (typeof of === 'string') url.searchParams.set('file', of);
  else if (of) {
    const hex = Array.from(of, (byte) => byte.toString(16).padStart(2, '0')).join('');
    url.searchParams.set('of', hex);
  }
  for (const [key, value] of Object.entries({ key: freshKey(), ...query })) {
    url.searchParams.set(key, value);
  }
  return url.href;
}

/** @param {import('./env.js').Env} env @param {string} command @param {string} url an address of above */
const tell = async (env, command, url) =>
  fetch(env.fault(`${command}?key=${new URL(url).searchParams.get('key')}`));

/** How often the server has answered. @param {import('./env.js').Env} env @param {string} url
 * @param {string} [suffix] ' 304' for those that had no body */
export async function answers(env, url, suffix = '') {
  const key = encodeURIComponent(new URL(url).searchParams.get('key') + suffix);
  return (await (await fetch(env.fault(`count?key=${key}`))).json()).count;
}
/** From now on the server does not answer there. @param {import('./env.js').Env} env @param {string} url */
export const goOffline = (env, url) => tell(env, 'down', url);
/** Sends the second half of a paced answer. @param {import('./env.js').Env} env @param {string} url */
export const goOn = (env, url) => tell(env, 'go', url);
