// A worker of a program. Hears what to do from run.js.
import * as sdk from '../conformance/sdk.js';
import { api } from './calling.js';
import { makeLog } from './log.js';
import { known, openObjects, openStrands } from './thread.js';
import { turn } from './world.js';

/** @type {any} */
const port =
  'WorkerGlobalScope' in globalThis
    ? globalThis
    : process.getBuiltinModule('node:worker_threads').parentPort;

/** @type {any[]} */
const early = [];
/** @param {any} data */
let hear = (data) => {
  early.push(data);
};
const listener = (/** @type {any} */ message) => hear(message.data ?? message);
if ('on' in port) port.on('message', listener);
else port.addEventListener('message', listener);

sdk.serve(api);
const space = await sdk.attach();

/** @type {any[]} */
let objects = [];
/** @type {() => Promise<unknown>} */
let run = async () => {};
let used = 0;
const dead = new AbortController();
/** @type {Map<number, any>} */
const remotes = new Map();

/** @type {Record<string, (message: any) => unknown>} */
const commands = {
  async start({ program, thread, shared, link }) {
    const { kill, blocking } = program;
    const log = makeLog(shared, thread, (entry) => port.postMessage({ entry }));
    if (link) remotes.set(0, sdk.connect(link, { space }));
    let ticks = kill?.thread === thread ? kill.after : -1;
    /** @type {Promise<void> | undefined} */
    let dying;
    objects = openObjects(space, program);
    await known(space, objects);
    used = space.stats().used;
    run = openStrands(
      {
        program,
        thread,
        space,
        log,
        blocking: blocking[thread],
        mayBlock: space.transport === 'shared',
        dead: dead.signal,
        remotes,
        tick() {
          if (ticks-- !== 0) return dying;
          if (kill.how === 'terminate') {
            port.postMessage({ kill: true });
            return undefined;
          }
          if ('WorkerGlobalScope' in globalThis) close();
          else process.exit(3);
          dying = new Promise(() => {});
          return dying;
        },
      },
      objects,
    );
    await known(space, []);
    return 'ready';
  },
  async go() {
    await run();
    // Over messages: the creator has heard of all of it. What was released is told a turn later.
    await turn();
    await turn();
    await known(space, []);
    return 'done';
  },
  died: () => dead.abort(),
  async finish({ leave }) {
    for (const remote of remotes.values()) {
      await remote[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
    }
    // Over messages it has a memory of its own.
    if (space.transport === 'message') {
      const end = performance.now() + 5000;
      while (space.stats().used !== used) {
        if (performance.now() > end)
          throw new Error(`${space.stats().used} bytes used, ${used} before`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    if (leave) await space.close();
    return 'finished';
  },
};

hear = async (message) => {
  if (!message.command) return;
  try {
    const answer = await commands[message.command](message);
    if (answer) port.postMessage({ answer });
  } catch (error) {
    const { message: text, code, stack } = /** @type {any} */ (error);
    port.postMessage({ failed: `${code ?? ''} ${text}\n${stack}` });
  }
};
for (const data of early) hear(data);
