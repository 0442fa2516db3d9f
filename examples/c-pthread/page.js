// Starts the C program, joins the space in its memory, and asks it from here and from a worker.
import { over, spawn } from 'sluice';
import { ask, questions } from './ask.js';

const COUNT = Number(new URLSearchParams(location.search).get('count') ?? 100_000);

/** @param {string} text */
function say(text) {
  const line = document.createElement('li');
  line.textContent = text;
  document.getElementById('lines')?.append(line);
}

/** What a worker posts next. @param {Worker} worker @returns {Promise<any>} */
const next = (worker) =>
  new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
  });

/** The program, once its space stands at an address of its memory. */
async function host() {
  /** @type {(base: number) => void} */
  let hosts = () => {};
  /** @type {(code: number) => void} */
  let onExit = () => {};
  const base = new Promise((resolve) => {
    hosts = resolve;
  });
  const exit = new Promise((resolve) => {
    onExit = resolve;
  });
  // Emscripten's, of program.js.
  const program = await /** @type {any} */ (globalThis).startProgram({ hosts, onExit });
  return { memory: program.wasmMemory, base: await base, exit };
}

async function prepare() {
  const { memory, base, exit } = await host();
  const space = await over(memory, base);
  say(`The program hosts a space at ${base} of its ${memory.buffer.byteLength / 2 ** 20} MiB.`);
  // As long as this is open the program goes on.
  const open = questions(space).sender();
  const { worker } = await spawn(
    space,
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  return { space, open, worker, exit };
}

async function run() {
  const { space, open, worker, exit } = await ready;
  const asking = next(worker);
  worker.postMessage(COUNT);
  await asking;
  const theirs = next(worker);
  const mine = ask(space, 0, COUNT);
  open.close();
  const reports = { page: await mine, worker: await theirs };
  for (const [who, { answers, wrong, sum }] of Object.entries(reports)) {
    say(`To the ${who}: ${answers} answers, ${wrong} of them wrong; their sum is ${sum}.`);
  }
  const { sent, received } = questions(space).stats();
  say(`${sent} questions asked, ${received} read.`);
  await space.close();
  say(`The program ended with ${await exit}.`);
  return { ...reports, sent, received, exit: await exit };
}

const button = /** @type {HTMLButtonElement} */ (document.getElementById('ask'));
const ready = prepare();
const done = ready
  .then(() => {
    button.disabled = false;
    return new Promise((resolve) => button.addEventListener('click', resolve, { once: true }));
  })
  .then(() => {
    button.disabled = true;
    return run();
  });
done.catch((error) => say(String(error)));

/** How often the program has slept, so far. */
const slept = async () => questions((await ready).space).stats().waits;
Object.assign(globalThis, { done, slept }); // for a test
