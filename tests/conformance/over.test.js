// over(): a space that a C program hosts inside its own memory.
import { startAgent } from './agent.js';
import { deepEqual, equal, match, ok, rejects, throws, within } from './assert.js';
import { alloc, channel, create, over } from './sdk.js';

/** The program: tests/fixtures/engine.c, by itself. @param {import('./env.js').Env} env */
async function startProgram(env) {
  const maker = await create({ wasm: env.url('build/test/engine.wasm'), transport: 'message' });
  const { module } = /** @type {any} */ (maker.handle);
  await maker.close();
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 1024, shared: true });
  const program = /** @type {any} */ (
    (await WebAssembly.instantiate(/** @type {WebAssembly.Module} */ (module), { env: { memory } }))
      .exports
  );
  program._initialize?.();
  const base = program.engine_host() >>> 0;
  ok(base > 0 && base % 128 === 0, `the base ${base}`);
  return { program, memory, base };
}

/** @param {import('./env.js').Setting} setting */
const canShare = ({ isolated }) => isolated;

const numbers = /** @type {const} */ ({ kind: 'spsc', capacity: 4096 });

/** @param {Uint8Array} bytes */
const numberIn = (bytes) => new DataView(bytes.buffer).getInt32(0, true);

/** @type {import('./env.js').Case[]} */
export const hosted = [
  {
    name: 'over() joins a space that a C program hosts, and records go both ways',
    where: canShare,
    run: async (env) => {
      const { program, memory, base } = await startProgram(env);
      const before = program.engine_host_used();
      const space = await over(memory, base);
      equal(space.transport, 'shared');
      equal(space.memory, memory);
      equal(program.engine_host_peers(), 2);
      equal(program.engine_host_send(41), 0);
      const receiver = channel(space, 'from-host', numbers).receiver();
      equal(numberIn(await receiver.receive()), 41);
      const waiting = receiver.receive();
      equal(program.engine_host_send(42), 0);
      equal(numberIn(await within(waiting, 5000, 'the record')), 42);
      const sender = channel(space, 'to-host', numbers).sender();
      await sender.send(Uint8Array.of(7, 0, 0, 0));
      equal(program.engine_host_receive(), 7);
      await space.close();
      equal(program.engine_host_peers(), 1);
      equal(program.engine_host_receive(), -3); // closed; the program and its space go on
      // A thread's private area stays with its place.
      ok(program.engine_host_used() <= before + 24_576, `${program.engine_host_used()} bytes`);
      const again = await over(memory, base);
      ok(program.engine_host_used() <= before + 24_576, `${program.engine_host_used()} bytes`);
      await again.close();
    },
  },
  {
    name: 'a worker attaches to a hosted space, and its death is cleaned up',
    where: canShare,
    run: async (env) => {
      const { program, memory, base } = await startProgram(env);
      const space = await over(memory, base);
      const agent = await startAgent(env, space);
      equal(program.engine_host_peers(), 3);
      equal(await agent.call('transport'), 'shared');
      const options = { codec: 'bytes', capacity: 4096 };
      await agent.call('receiver', 'from-host', options);
      program.engine_host_send(1);
      deepEqual(await agent.call('receive', 'from-host'), Uint8Array.of(1, 0, 0, 0));
      await agent.call('sender', 'to-host', options);
      await agent.call('send', 'to-host', Uint8Array.of(2, 0, 0, 0));
      equal(program.engine_host_receive(), 2);
      await within(agent.peer.terminate(), 12_000, 'its end');
      equal(program.engine_host_peers(), 2);
      equal(program.engine_host_receive(), -12); // lost
      await space.close();
    },
  },
  {
    name: "a hosted space never grows its program's memory, and ends when the program closes it",
    where: canShare,
    run: async (env) => {
      const { program, memory, base } = await startProgram(env);
      const space = await over(memory, base);
      const { byteLength } = memory.buffer;
      throws(() => alloc(space, 2 ** 18), 'no-memory');
      throws(() => channel(space, 'large', { kind: 'spsc', capacity: 2 ** 18 }), 'no-memory');
      equal(memory.buffer.byteLength, byteLength);
      const waiting = channel(space, 'from-host', numbers).receiver().receive();
      const end = rejects(waiting, 'closed');
      equal(program.engine_host_close(), 0);
      await within(end, 5000, 'the end');
      throws(() => channel(space, 'more', numbers), 'closed');
      await space.close();
    },
  },
  {
    name: 'over() says what is wrong with a memory, and with an address',
    run: async (env) => {
      /** @param {unknown} error */
      const typeError = (error) => error instanceof TypeError;
      const plain = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      match((await rejects(over(plain, 0), 'mismatch')).message, /-pthread/);
      await rejects(over(/** @type {any} */ ({}), 0), typeError);
      const shared = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
      for (const base of [-128, 1.5, Number.NaN, undefined]) {
        await rejects(over(shared, /** @type {any} */ (base)), typeError);
      }
      if (!canShare(env)) {
        await rejects(over(shared, 1024), 'not-isolated');
        return;
      }
      for (const base of [0, 1024, 1000, 65_536, 2 ** 31, 2 ** 40]) {
        await rejects(over(shared, base), 'version', String(base));
      }
    },
  },
];
