// Workers: the handshake, what keeps it from happening, and death.
import { listen, startAgent, withAgents } from './agent.js';
import { equal, match, ok, rejects, throws, within } from './assert.js';
import { alloc, attach, channel, connect, create, SluiceError, spawn, text } from './sdk.js';

const MIB = 2 ** 20;

/** @typedef {import('./env.js').Env} Env */

/**
 * A space in which spawn() of that script fails with "load".
 *
 * @param {Env} env
 * @param {string} script
 * @param {import('sluice').Wait} [wait]
 */
async function loadError(env, script, wait) {
  const space = await create(env.options);
  const make = () => env.worker(env.fault(script));
  const error = await rejects(within(spawn(space, make, wait), 9000, 'spawn()'), 'load');
  ok(error instanceof SluiceError);
  // The space has taken no harm.
  const agent = await startAgent(env, space);
  equal(await agent.call('transport'), env.transport);
  agent.peer.worker.terminate();
  await space.close();
  return error;
}

/**
 * Firefox 153 stops a worker for good in about 1 of 120 times that it starts a worker of its own, also
 * without Sluice (docs/engines.md); its timers stop too, so that nothing can be promised there.
 *
 * @param {import('./env.js').Setting} setting
 */
const startsInnerWorkers = ({ engine }) => engine !== 'firefox';

/** @type {import('./env.js').Case[]} */
export const spawning = [
  {
    name: 'what wakes a thread shows in no message listener of its worker',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        /** @type {unknown[]} */
        const strange = [];
        listen(agent.peer.worker, (data) => {
          if (typeof data?.id !== 'number') strange.push(data);
        });
        const receiver = channel(space, 'up', { kind: 'spsc', codec: text }).receiver();
        const sender = channel(space, 'down', { kind: 'spsc', codec: text }).sender();
        await agent.call('sender', 'up');
        await agent.call('receiver', 'down');
        for (let i = 0; i < 20; i++) {
          const up = receiver.receive();
          const down = agent.call('receive', 'down');
          await agent.call('send', 'up', `up ${i}`); // the agent sleeps, and so does this thread
          await sender.send(`down ${i}`);
          equal([await up, await down].join(), `up ${i},down ${i}`);
        }
        equal(strange.length, 0);
      }),
  },
  {
    name: 'a listener from before spawn() hears nothing of what Sluice says to the worker',
    // Chromium calls a worker's listeners in the order in which they came, whether or not they capture.
    where: ({ engine }) => engine !== 'node' && engine !== 'chromium',
    run: async (env) => {
      const space = await create(env.options);
      /** @type {string[]} */
      const heard = [];
      const peer = await spawn(space, () => {
        const worker = env.worker('./serve.js');
        worker.addEventListener('message', ({ data }) => {
          if (data?.sluice !== 'serving') heard.push(String(data?.sluice)); // that is for everybody
        });
        return worker;
      });
      const remote = connect(/** @type {any} */ (peer));
      equal(await remote.add(1, 2), 3);
      const sender = channel(space, 'c', { kind: 'spsc', codec: text }).sender();
      await sender.send('one');
      peer.worker.terminate();
      equal(heard.join(), '');
      await space.close();
    },
  },
  {
    name: 'a spawned worker attaches, on the transport that the space has',
    run: (env) =>
      withAgents(env, 2, async (space, one, other) => {
        equal(space.transport, env.transport);
        equal(await one.call('transport'), env.transport);
        equal(await other.call('transport'), env.transport);
        equal(space.stats().peers, 3);
      }),
  },
  {
    name: 'a worker is spawned while its space is being made',
    run: async (env) => {
      const making = create(env.options);
      let [started, made] = [false, false];
      const peer = spawn(making, () => {
        started = !made;
        return env.worker('./agent.js');
      });
      const space = await making;
      made = true;
      ok(started, 'the worker was started before there was a space');
      const { worker } = await within(peer, 9000, 'spawn()');
      equal(space.stats().peers, 2);
      worker.terminate();
      await space.close();
    },
  },
  {
    name: 'a space that could not be made is the reason why its worker was not spawned',
    run: async (env) => {
      const making = create({ ...env.options, wasm: env.fault('not-wasm.wasm') });
      /** @type {Worker | undefined} */
      let worker;
      const spawning = spawn(making, () => {
        worker = env.worker('./agent.js');
        return worker;
      });
      const reason = await rejects(making, 'load');
      equal(await rejects(within(spawning, 9000, 'spawn()'), 'load'), reason);
      ok(worker, 'there was a worker');
    },
  },
  {
    name: 'a worker that ends right after attach() was spawned, and is lost',
    run: async (env) => {
      const space = await create(env.options);
      for (let i = 0; i < 5; i++) {
        const spawning = spawn(space, () => env.worker('./fleeting.js'));
        const { lost } = await within(spawning, 9000, 'spawn()');
        equal((await within(lost, 9000, 'lost')).code, 'peer-lost');
      }
      equal(space.stats().peers, 1);
      await space.close();
    },
  },
  {
    name: 'a worker that entered the space and died before anybody knew has left it',
    run: async (env) => {
      const space = await create(env.options);
      for (let i = 0; i < 3; i++) {
        const abort = new AbortController();
        const reason = new Error('enough');
        const make = () => {
          const worker = env.worker('./untold.js');
          listen(worker, (data) => data === 'entered' && abort.abort(reason));
          return worker;
        };
        const spawning = spawn(space, make, { signal: abort.signal });
        await rejects(within(spawning, 9000, 'spawn()'), (error) => error === reason);
      }
      const left = async () => {
        while (space.stats().peers > 1) await new Promise((resolve) => setTimeout(resolve));
      };
      await within(left(), 9000, 'the burial');
      await space.close();
    },
  },
  {
    name: 'a worker script that is missing is a "load" error',
    run: async (env) => {
      const { message } = await loadError(env, '404.js');
      match(message, /404|Cannot find module|script failed/);
    },
  },
  {
    name: 'a worker script with a syntax error is a "load" error',
    run: async (env) => {
      match((await loadError(env, 'syntax.js')).message, /syntax|unexpected/i);
    },
  },
  {
    name: 'a worker script that throws at its start is a "load" error with its message',
    run: async (env) => {
      const { message } = await loadError(env, 'throws.js');
      match(message, /worker's script failed: .+/);
    },
  },
  {
    name: 'a worker that never answers is a "load" error at the deadline',
    run: async (env) => {
      const error = await loadError(env, 'silent.js', { timeout: 200 });
      match(error.message, /200 ms/);
      equal(/** @type {any} */ (error.cause).code, 'timeout');
    },
  },
  {
    name: 'a worker script without COEP under an isolated page is a "load" error',
    where: ({ engine, isolated }) => engine !== 'node' && isolated,
    run: async (env) => {
      match((await loadError(env, 'no-coep.js')).message, /Cross-Origin-Embedder-Policy/);
    },
  },
  {
    name: 'a worker finds room for its memory where there is only garbage of its spawner',
    run: async (env) => {
      // In V8 a process has room for 125 memories, and a worker can't collect what others left.
      const fill = () => {
        /** @type {WebAssembly.Memory[]} */
        const memories = [];
        try {
          while (memories.length < 200)
            memories.push(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
        } catch {
          // There is no room for more.
        }
      };
      const space = await create(env.options);
      fill();
      const agent = await startAgent(env, space);
      await agent.call('settled');
      agent.peer.worker.terminate();
      await space.close({ timeout: 5000 }).catch(() => {});
    },
  },
  {
    name: 'a worker attaches to a full space that may grow; where it may not that is "no-memory"',
    where: ({ transport }) => transport === 'shared',
    run: async (env) => {
      for (const maxBytes of [4 * MIB, undefined]) {
        const space = await create({ ...env.options, bytes: MIB, ...(maxBytes && { maxBytes }) });
        const { bytes } = space.stats();
        while (bytes - space.stats().used > 24 * 1024) alloc(space, 2048);
        equal(space.stats().bytes, bytes);
        if (maxBytes) {
          const agent = await startAgent(env, space);
          equal(await agent.call('transport'), env.transport);
          ok(space.stats().bytes > bytes);
          alloc(space, 2 * MIB).bytes.fill(1);
          await agent.peer.terminate();
        } else {
          const error = await rejects(within(startAgent(env, space), 9000, 'spawn()'), 'no-memory');
          match(String(error), /maxBytes/);
        }
        await space.close();
      }
    },
  },
  {
    name: 'a spawn can be aborted, with the reason of the signal',
    run: async (env) => {
      const space = await create(env.options);
      const abort = new AbortController();
      const reason = new Error('not needed any more');
      const spawning = spawn(space, () => env.worker(env.fault('silent.js')), {
        signal: abort.signal,
      });
      abort.abort(reason);
      await rejects(spawning, (error) => error === reason);
      await space.close();
    },
  },
  {
    name: 'spawn() says so when it is given no function that makes a worker',
    run: async (env) => {
      const space = await create(env.options);
      const broken = () => {
        throw new Error('no workers here');
      };
      match((await rejects(spawn(space, broken), 'load')).message, /no workers here/);
      const nothing = /** @type {any} */ (() => ({}));
      await rejects(spawn(space, nothing), (error) => error instanceof TypeError);
      await space.close();
    },
  },
  {
    name: 'attach() outside of a spawned worker is a "load" error',
    where: ({ engine }) => engine !== 'node',
    run: async () => {
      await rejects(attach(), 'load');
    },
  },
  {
    name: 'attach() in a worker that nobody spawned is a "load" error at its deadline',
    run: async (env) => {
      const worker = env.worker('orphan.js');
      /** @type {Promise<any>} */
      const answer = new Promise((resolve) => {
        listen(worker, (data) => {
          if (data.code) resolve(data);
        });
      });
      const { code, message } = await within(answer, 9000, 'the orphan');
      equal(code, 'load');
      match(message, /spawn\(\)/);
      worker.terminate();
    },
  },
  {
    name: 'a handle that the user posts attaches a thread, or says what to do',
    run: async (env) => {
      const space = await create(env.options);
      const receiver = channel(space, 'by-handle', { kind: 'spsc', codec: text }).receiver();
      const worker = env.worker('by-handle.js');
      /** @type {Promise<any>} */
      const answer = new Promise((resolve) => {
        listen(worker, (data) => {
          if (data === 'listening') worker.postMessage(space.handle);
          else if (data.code) resolve(data);
        });
      });
      const { code, message } = await within(answer, 9000, 'the worker');
      if (env.transport === 'shared') {
        equal(code, 'none', message);
        equal(await receiver.receive(), 'attached by handle');
      } else {
        equal(code, 'not-isolated');
        match(message, /spawn\(\)/);
      }
      worker.terminate();
      await rejects(attach(/** @type {any} */ ({})), (error) => error instanceof TypeError);
      await space.close();
    },
  },
  {
    name: 'a handle attaches the worker that was spawned on its space, and the thread that made it',
    run: (env) =>
      withAgents(env, 1, async (space, agent) => {
        const receiver = channel(space, 'by-handle', { kind: 'spsc', codec: text }).receiver();
        await agent.call('sendByHandle', space.handle, 'by-handle', 'once more');
        equal(await receiver.receive({ timeout: 5000 }), 'once more');
        const again = await attach(space.handle);
        equal(again.transport, space.transport);
        if (again !== space) await again.close();
        await space.close();
        if (env.transport === 'message') await rejects(attach(space.handle), 'not-isolated');
      }),
  },
  {
    name: 'terminate() resolves when the worker is dead, and its place is free again',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const before = space.stats().peers;
        await within(worker.peer.terminate(), 10_000, 'terminate()');
        equal((await worker.peer.lost).code, 'peer-lost');
        equal(space.stats().peers, before - 1);
        const { used } = space.stats();
        const next = await startAgent(env, space);
        await next.peer.terminate();
        equal(space.stats().used, used, 'the bytes in use');
      }),
  },
  {
    name: 'a worker that ends itself is noticed',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', { kind: 'spsc', codec: text }).receiver();
        await worker.call('sender', 'c');
        worker.call('exit').catch(() => {});
        await rejects(within(receiver.receive(), 10_000, 'the receive'), 'peer-lost');
        equal((await within(worker.peer.lost, 10_000, 'lost')).code, 'peer-lost');
      }),
  },
  {
    name: "a worker's own worker reaches the page",
    where: startsInnerWorkers,
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'from-child', { kind: 'spsc', codec: text }).receiver();
        await worker.call('spawnChild', './child.js');
        equal(await within(receiver.receive(), 10_000, 'the record'), 'hello from below');
      }),
  },
  {
    name: "when a worker dies, its own worker's ends are lost too",
    where: startsInnerWorkers,
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'from-child', { kind: 'spsc', codec: text }).receiver();
        await worker.call('spawnChild', './lasting-child.js');
        equal(await within(receiver.receive(), 10_000, 'the record'), 'here');
        const next = rejects(within(receiver.receive(), 10_000, 'the receive'), 'peer-lost');
        worker.peer.terminate();
        await next;
      }),
  },
  {
    name: 'a worker leaves a space in good order when it closes it',
    run: (env) =>
      withAgents(env, 1, async (space, worker) => {
        const receiver = channel(space, 'c', { kind: 'spsc', codec: text }).receiver();
        await worker.call('sender', 'c');
        await worker.call('sendAndLeave', 'c', 'before leaving');
        equal(await receiver.receive(), 'before leaving');
        await rejects(receiver.receive(), 'closed');
        await rejects(worker.call('sender', 'd'), 'closed');
      }),
  },
  {
    name: 'when the creator closes the space, others read what is left and then the end',
    run: async (env) => {
      const space = await create(env.options);
      const worker = await startAgent(env, space);
      await worker.call('receiver', 'down');
      await worker.call('sender', 'up');
      const sender = channel(space, 'down', { kind: 'spsc', codec: text }).sender();
      await sender.send('left over');
      await space.close();
      await space.close();
      throws(() => channel(space, 'more', { kind: 'spsc' }), 'closed');
      throws(() => space.stats(), 'closed');
      await rejects(
        spawn(space, () => env.worker('agent.js')),
        'closed',
      );
      equal(await worker.call('receive', 'down'), 'left over');
      await rejects(within(worker.call('receive', 'down'), 9000, 'the receive'), 'closed');
      await rejects(within(worker.call('send', 'up', 'x'), 9000, 'the send'), 'closed');
      worker.peer.worker.terminate();
    },
  },
];
