// The same in Node: workers and ports of node:worker_threads, not the DOM's.
import { MessageChannel, Worker } from 'node:worker_threads';
import { connect, create, pool, serve, spawn } from 'sluice';

const space = await create();
const make = () => new Worker(new URL('./worker.mjs', import.meta.url));
const peer = await spawn(space, make);
peer.worker.on('exit', (code) => console.log(code));
const api = serve({ twice: (n: number) => 2 * n }, new MessageChannel().port1);
const remotes = [peer, make(), new MessageChannel().port2].map((to) => connect<typeof api>(to));
const four: number = await remotes[0].twice(2);
const six: number = await pool<typeof api>(space, make).run('twice', [3]);

export async function passOn(signal?: AbortSignal) {
  return [four, six, await spawn(space, make, { signal })];
}

// @ts-expect-error: no worker
await spawn(space, () => 'worker.mjs');
