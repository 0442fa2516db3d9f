// Breaks each protocol step of the C core, one at a time, and looks whether a test fails.
//
//   node core/test/mutate/mutate.js [--every N] [--list] [OBJECT | NAME...]
//
// OBJECT is one of objects.js, NAME a mutant's; none: all of them.
//
// A step is a statement that changes what others see: an atomic store or read-modify-write, a
// wake-up, a copy into shared memory, a hold on a block or its end (scan.js has the list; what only
// counts for statistics, sluice_figure, is none). Its mutants, named FILE:FUNCTION:STEP:KIND:
//
//   drop    the step does nothing; its value is what it would have been
//   blind   a compare-and-swap that does not compare: it stores and says that it won
//   swap    it changes places with the step before it, where nothing else stands between
//
// The weakening of memory orders is not here but in core/test/weak.
//
// All mutants are in one build, in build/mutate; the environment chooses (mutant.h). Each test runs
// unbroken first, and notes which mutants it gets to. Each mutant meets those tests of its object
// (objects.js) that get to it, until one fails, crashes, or hangs. Survivors must be listed, with the
// reason, in survivors.txt, and what is listed must survive; "by chance:" before the reason says
// that both may be. With --every N only each Nth mutant is tried, and none that is listed.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OBJECTS } from './objects.js';
import { mutate } from './scan.js';

const JOBS = 2;
const HERE = dirname(fileURLToPath(import.meta.url));
const CORE = join(HERE, '../..');
const OUT = join(CORE, '../build/mutate');
const MOST = 256; // mutants of one source
const SOURCES = 64;
const CC = process.env.NATIVE_CC ?? 'gcc';

// ---- the arguments

const words = process.argv.slice(2);
const list = words.includes('--list');
const every = words.includes('--every') ? Number(words[words.indexOf('--every') + 1]) : 1;
const named = words.filter((word, i) => !word.startsWith('--') && words[i - 1] !== '--every');
const unknown = named.find((name) => !(name in OBJECTS) && !name.includes(':'));
if (unknown !== undefined || !(every >= 1)) {
  console.error(
    `usage: mutate.js [--every N] [--list] [OBJECT | NAME...], of ${Object.keys(OBJECTS)}`,
  );
  process.exit(2);
}

// ---- the mutants, and the sources that contain them

/** Writes a file only when it changes, so that only what has changed is compiled. */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    writeFileSync(path, text);
  }
}

/** Copies the core to `OUT`/core, rewritten. Returns the mutants. */
function rewrite() {
  const found = [];
  const owners = new Map();
  for (const [object, { sources }] of Object.entries(OBJECTS)) {
    for (const source of sources) {
      owners.set(source, object);
    }
  }
  for (const folder of ['src', 'include/sluice', 'test/unit', 'test/crash', 'test/validate']) {
    const files = readdirSync(join(CORE, folder)).filter((name) => /\.[ch]$/.test(name));
    for (const old of existsSync(join(OUT, 'core', folder))
      ? readdirSync(join(OUT, 'core', folder))
      : []) {
      if (!files.includes(old)) {
        rmSync(join(OUT, 'core', folder, old));
      }
    }
    files.sort().forEach((file, i) => {
      let text = readFileSync(join(CORE, folder, file), 'utf8');
      if (folder === 'src') {
        const result = mutate(file, text, 1 + i * MOST);
        text = result.text;
        if (result.mutants.length >= MOST) {
          throw new Error(`${file}: more than ${MOST} mutants`);
        }
        if (result.mutants.length > 0 && !owners.has(file)) {
          throw new Error(
            `core/src/${file} has protocol steps and stands at no object in objects.js`,
          );
        }
        found.push(
          ...result.mutants.map((mutant) => ({ ...mutant, file, object: owners.get(file) })),
        );
      }
      write(join(OUT, 'core', folder, file), text);
    });
  }
  return found;
}

// ---- processes

/** An asynchronous function that does its work once for each first argument. */
function once(work) {
  const done = new Map();
  return (key, ...rest) => {
    if (!done.has(key)) {
      done.set(key, work(key, ...rest));
    }
    return done.get(key);
  };
}

/** Runs at most JOBS of `tasks`, functions that return promises, at once. */
async function together(tasks) {
  const left = [...tasks];
  const worker = async () => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      await task();
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
}

/** Runs a command until it ends, `until` is met by its output, or `limit` ms are over; then nobody
 * of its process group lives any more. */
function run(command, args, { env = {}, limit = 0, until = null } = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let ended = 'exit';
    const stop = (why) => {
      ended = why;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All of them have ended.
      }
    };
    const timer = limit > 0 && setTimeout(() => stop('hang'), limit);
    const take = (chunk) => {
      output = (output + chunk).slice(-1 << 20);
      if (until !== null && ended === 'exit' && until.test(output)) {
        stop('until');
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const why = ended;
      stop(why); // children that it has left
      resolve({ code, signal, output, ended: why, ms: performance.now() - started });
    });
    child.on('error', (error) => {
      throw error;
    });
  });
}

async function compile(args) {
  const { code, output } = await run(CC, args);
  if (code !== 0) {
    throw new Error(`${CC} ${args.join(' ')}\n${output}`);
  }
}

// ---- the build

const FLAGS = ['-std=c11', '-O1', '-w', '-D_DEFAULT_SOURCE', `-DMUTANTS=${MOST * SOURCES}`].concat(
  ['include', 'src'].map((folder) => `-I${OUT}/core/${folder}`),
  ['-include', join(HERE, 'mutant.h')],
);

const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** Files of a folder of the copy. */
const inside = (folder, end) =>
  readdirSync(join(OUT, 'core', folder))
    .filter((name) => name.endsWith(end))
    .map((name) => join(OUT, 'core', folder, name));

const LIBRARIES = { plain: join(OUT, 'plain/libsluice.a'), steps: join(OUT, 'steps/libsluice.a') };

/** Compiles the core twice, without and with the crash tests' steps. */
async function buildCore() {
  const headers = ['src', 'include/sluice'].flatMap((folder) => inside(folder, '.h'));
  const newest = Math.max(...[...headers, join(HERE, 'mutant.h')].map(changed));
  const sources = [...inside('src', '.c'), join(HERE, 'mutant.c')];
  const tasks = [];
  const objects = { plain: [], steps: [] };
  for (const [form, defines] of Object.entries({ plain: [], steps: ['-DSLUICE_STEPS'] })) {
    mkdirSync(join(OUT, form), { recursive: true });
    for (const source of sources) {
      const to = join(OUT, form, `${basename(source, '.c')}.o`);
      objects[form].push(to);
      if (changed(to) <= Math.max(newest, changed(source))) {
        tasks.push(() => compile([...FLAGS, ...defines, '-c', source, '-o', to]));
      }
    }
  }
  await together(tasks);
  for (const [form, library] of Object.entries(LIBRARIES)) {
    rmSync(library, { force: true });
    const { code, output } = await run('ar', ['rcs', library, ...objects[form]]);
    if (code !== 0) {
      throw new Error(output);
    }
  }
}

/** Compiles a test: a path like unit/ring. Once. */
const buildTest = once(async (path) => {
  const crash = path.startsWith('crash/');
  mkdirSync(dirname(join(OUT, path)), { recursive: true });
  await compile([
    ...FLAGS,
    ...(crash ? ['-DSLUICE_STEPS', join(OUT, 'core/test/crash/crash.c')] : []),
    join(OUT, `core/test/${path}.c`),
    LIBRARIES[crash ? 'steps' : 'plain'],
    ...(path.startsWith('unit/') ? ['-lcmocka'] : []),
    '-lpthread',
    '-o',
    join(OUT, path),
  ]);
});

// ---- the tests

/** An object's tests, in order: { name, path, args }. */
function testsOf(object) {
  const { unit, crash, validate } = OBJECTS[object];
  const lines = [
    ...unit.map((name) => `unit/${name}`),
    ...crash.map((name) => `crash/${name}`),
    ...validate.map((line) => `validate/${line}`),
  ];
  return lines
    .map((name) => ({ name, path: name.split(' ')[0], args: name.split(' ').slice(1) }))
    .filter(({ path }) => existsSync(join(CORE, `test/${path}.c`)));
}

/** Runs a test. Null when it passes, else { how }: what failed. */
async function runTest(test, env, limit) {
  const unit = test.path.startsWith('unit/');
  const result = await run(join(OUT, test.path), test.args, {
    env: { ...env, CMOCKA_MESSAGE_OUTPUT: 'stdout' },
    limit,
    until: unit ? /^\[ {2}FAILED {2}\] /m : null,
  });
  if (result.ended === 'exit' && result.code === 0) {
    return { ms: result.ms, how: null };
  }
  const begun = [...result.output.matchAll(/^\[ RUN {6}\] (.*)$/gm)].at(-1)?.[1];
  const failed = /^\[ {2}FAILED {2}\] (.*)$/m.exec(result.output)?.[1];
  const said = result.output.trim().split('\n').at(-1);
  const what = failed ?? (unit ? begun : said)?.slice(0, 120) ?? '';
  const end = result.ended === 'hang' ? 'hangs' : (result.signal ?? '');
  return { ms: result.ms, how: [what, failed === undefined && end].filter(Boolean).join(', ') };
}

/** A test, built and run with nothing broken, once: { reached, limit }, the numbers of the mutants
 * that it gets to, and how many ms it may take with something broken. */
const unbroken = once(async (name, test) => {
  await buildTest(test.path);
  const file = join(OUT, 'reached', name.replace(/\W/g, '_'));
  mkdirSync(dirname(file), { recursive: true });
  for (let tries = 1; ; tries++) {
    writeFileSync(file, Buffer.alloc(MOST * SOURCES));
    const { how, ms } = await runTest(test, { MUTANT_REACHED: file }, 300_000);
    if (how === null) {
      const bytes = readFileSync(file);
      const reached = new Set([...bytes.keys()].filter((number) => bytes[number] !== 0));
      return { reached, limit: 5000 + 8 * ms };
    }
    if (tries === 3) {
      throw new Error(`${name} fails with nothing broken: ${how}`);
    }
  }
});

/** Which test catches a mutant: a string, or null. `met` is how many tests got to it. */
async function check(mutant) {
  let met = 0;
  for (const test of testsOf(mutant.object)) {
    const { reached, limit } = await unbroken(test.name, test);
    if (reached.has(mutant.number)) {
      met++;
      const { how } = await runTest(test, { MUTANT: String(mutant.number) }, limit);
      if (how !== null) {
        return { caught: `${test.path}: ${how}`, met };
      }
    }
  }
  return { caught: null, met };
}

// ---- the known survivors

/** survivors.txt: name -> reason. */
function readSurvivors() {
  const known = new Map();
  for (const line of readFileSync(join(HERE, 'survivors.txt'), 'utf8').split('\n')) {
    const match = /^(\w+\.[ch]:\w+:\d+:\w+)\s+(\S.*)$/.exec(line);
    if (match !== null) {
      known.set(match[1], match[2]);
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      throw new Error(`survivors.txt: ${line}: no "NAME REASON"`);
    }
  }
  return known;
}

// ---- main

const survivors = readSurvivors();
const all = rewrite();
const chosen = all.filter(
  ({ name, object }) => named.length === 0 || named.includes(object) || named.includes(name),
);
const mutants =
  every === 1 ? chosen : chosen.filter(({ name }, i) => i % every === 0 && !survivors.has(name));

if (list) {
  for (const { name, line, text } of mutants) {
    console.log(`${name}  line ${line}: ${text}`);
  }
  process.exit(0);
}

const objects = [...new Set(mutants.map(({ object }) => object))];
await buildCore();

const counts = Object.fromEntries(objects.map((name) => [name, { caught: 0, listed: 0, lost: 0 }]));
const wrong = [];
await together(
  mutants.map((mutant) => async () => {
    const { name, line, text, object } = mutant;
    const { caught, met } = await check(mutant);
    const reason = survivors.get(name);
    const where = `${name} (line ${line}: ${text.slice(0, 80)})`;
    if (caught !== null) {
      console.log(`${where}\n    caught by ${caught}`);
      counts[object].caught++;
      if (reason !== undefined && !reason.startsWith('by chance:')) {
        wrong.push(`${name}: is listed in survivors.txt, but is caught by ${caught}`);
      }
      return;
    }
    console.log(`${where}\n    SURVIVED${met === 0 ? ', no test gets to it' : ''}`);
    if (reason !== undefined) {
      counts[object].listed++;
    } else {
      counts[object].lost++;
      wrong.push(`${name}: SURVIVED and is not listed in survivors.txt (line ${line}: ${text})`);
    }
  }),
);
for (const name of survivors.keys()) {
  if (!all.some((mutant) => mutant.name === name)) {
    wrong.push(`${name}: is listed in survivors.txt, but is no mutant any more`);
  }
}

console.log('');
for (const [name, { caught, listed, lost }] of Object.entries(counts)) {
  const total = String(caught + listed + lost).padStart(4);
  console.log(
    `${name.padEnd(12)}${total} mutants, ${caught} caught, ${listed} listed, ${lost} not`,
  );
}
console.log(
  wrong.length === 0 ? 'survivors: none but those listed' : `\n${wrong.sort().join('\n')}`,
);
console.log(`mutate: ${Math.max(0, mutants.length - wrong.length)} passed, ${wrong.length} failed`);
process.exit(wrong.length === 0 ? 0 : 1);
