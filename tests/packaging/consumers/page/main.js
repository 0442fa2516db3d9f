// What a user's page does with the package, the same for each bundler: words to a worker of its own and
// back, and a C function on the package's workers, on both transports.
import { channel, create, pool, spawn, text } from 'sluice';
import { diagnose } from 'sluice/diagnose';
import { computer } from './computer.js';

const WORDS = 500;
const COUNT = 16384;

async function greet(space) {
  const peer = await spawn(
    space,
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  const names = channel(space, 'names', { kind: 'spsc', codec: text }).sender();
  const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).receiver();
  const sending = (async () => {
    for (let i = 0; i < WORDS; i++) await names.send(`${i}`);
    names.close();
  })();
  let inOrder = 0;
  for await (const greeting of greetings) if (greeting === `Hello, ${inOrder}`) inOrder++;
  await sending;
  await peer.terminate();
  return inOrder;
}

async function compute(options) {
  // A file of the page, not of the bundle.
  const space = await create({ ...options, wasm: new URL('/engine.wasm', location.href) });
  const workers = pool(space, computer, { size: 2 });
  await workers.parallel('engine_squares', COUNT, [-1]);
  const { engine_squares_at: at } = space.exports;
  const squares = new Uint32Array(space.memory.buffer, at(), COUNT);
  const right = squares.every((square, i) => square === Math.imul(i, i) >>> 0);
  await workers.close();
  await space.close();
  return right;
}

async function use(options = {}) {
  const space = await create(options);
  const words = await greet(space);
  await space.close();
  return { transport: space.transport, words, squares: await compute(options) };
}

async function run() {
  const first = await use();
  const second = await use({ transport: 'message' });
  const report = await diagnose();
  const problems = report.problems.map(({ code, severity }) => `${severity} ${code}`);
  return { first, second, problems };
}

run().then(
  (found) => tell('done', found),
  (error) => tell('failed', { error: `${error.code ?? ''} ${error.stack ?? error}` }),
);

function tell(state, found) {
  document.body.textContent = JSON.stringify(found);
  document.documentElement.dataset.state = state;
}
