// What page/main.js does, in Node and what is like it; a call, and a lock whose owner dies.
import { Worker } from 'node:worker_threads';
import { channel, connect, create, mutex, pool, spawn, text } from 'sluice';
import { diagnose } from 'sluice/diagnose';

const WORDS = 500;
const COUNT = 16384;

async function greet(space) {
  const peer = await spawn(space, () => new Worker(new URL('./worker.mjs', import.meta.url)));
  const names = channel(space, 'names', { kind: 'spsc', codec: text }).sender();
  const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).receiver();
  const sending = (async () => {
    for (let i = 0; i < WORDS; i++) await names.send(`${i}`);
    names.close();
  })();
  let inOrder = 0;
  for await (const greeting of greetings) if (greeting === `Hello, ${inOrder}`) inOrder++;
  await sending;
  const remote = connect(peer);
  const sum = await remote.add(20, 22);
  await remote.hold();
  await peer.terminate();
  const held = await mutex(space, 'held').lock({ timeout: 5000 });
  return { words: inOrder, sum, recovered: held.recovered };
}

async function compute(options) {
  const wasm = new URL('./public/engine.wasm', import.meta.url);
  const space = await create({ ...options, wasm });
  const workers = pool(space, undefined, { size: 2 });
  await workers.parallel('engine_squares', COUNT, [-1]);
  const squares = new Uint32Array(space.memory.buffer, space.exports.engine_squares_at(), COUNT);
  const right = squares.every((square, i) => square === Math.imul(i, i) >>> 0);
  await workers.close();
  await space.close();
  return right;
}

async function use(options = {}) {
  const space = await create(options);
  const greeted = await greet(space);
  await space.close();
  return { transport: space.transport, ...greeted, squares: await compute(options) };
}

const first = await use();
const second = await use({ transport: 'message' });
const { problems } = await diagnose();
console.log(JSON.stringify({ first, second, problems: problems.map(({ code }) => code) }));
