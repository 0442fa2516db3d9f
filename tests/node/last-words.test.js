// What a worker has posted comes, though Node tells of its exit first.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect, create, spawn } from 'sluice';
import { makeCaller } from '../../worker/caller.js';

const DEADLINE = 20_000;
const script = new URL('./last-words.worker.js', import.meta.url);
const threads = () => readdirSync('/proc/self/task').length;

for (const transport of /** @type {const} */ (['shared', 'message']))
  test(`over ${transport}, a worker's last answer comes before its end`, {
    timeout: DEADLINE,
  }, async () => {
    const options = transport === 'message' ? { transport } : {};
    const space = await create({ bytes: 2 ** 20, ...options });
    const before = threads();
    const peer = await spawn(space, () => /** @type {any} */ (new Worker(script)));
    /** @type {import('sluice').Remote<{first(): number, last(): number}>} */
    const remote = connect(peer);
    await remote.first();
    // Made after the connection's port: Node looks there later in each round for messages.
    const { port1, port2 } = new MessageChannel();
    const blocked = new Promise((resolve) => {
      port1.onmessage = () => {
        // It has answered and exited when this round goes on, behind its look for the answer.
        while (threads() > before);
        resolve(undefined);
      };
    });
    const answer = remote.last();
    port2.postMessage(0);
    await blocked;
    port1.close();
    assert.equal(await answer, 7);
    await assert.rejects(remote.first(), { code: 'peer-lost' });
    await space.close();
  });

test('what a worker throws as soon as it has attached is told, whichever of the two comes first', {
  timeout: DEADLINE,
}, async () => {
  const space = await create({ bytes: 2 ** 20 });
  const before = threads();
  const thrower = new URL('./last-words.thrower.js', import.meta.url);
  const start = () => {
    const worker = new Worker(thrower);
    // It has been welcomed, has attached, thrown and exited when this thread looks again.
    worker.once('message', () =>
      setImmediate(() => {
        while (threads() > before);
      }),
    );
    return worker;
  };
  const told = await spawn(space, start).then(
    async ({ lost }) => String((await lost).cause),
    (error) => String(error.cause),
  );
  assert.match(told, /mine/);
  await space.close();
});

test('what is expected of a connection that has ended is its error', async () => {
  const unused = /** @type {any} */ ({});
  const caller = makeCaller(() => {}, unused, unused);
  const ended = new Error('it has ended');
  caller.end(ended);
  await assert.rejects(caller.expect(1, 'late', {}), ended);
});
