// In a frame that is sandboxed, whose origin is its own: tells its parent what came of it.
import { channel, connect, create, pool, spawn, text } from 'sluice/inline';

/** @typedef {{add(a: number, b: number): number, send(): Promise<void>}} Api */

async function use() {
  const script = new Blob([/** @type {any} */ (globalThis).workerScript], {
    type: 'text/javascript',
  });
  const url = URL.createObjectURL(script);
  const space = await create();
  const peer = await spawn(space, () => new Worker(url));
  const remote = /** @type {import('sluice').Remote<Api>} */ (connect(peer));
  const sum = await remote.add(1, 2);
  const receiver = channel(space, 'words', { kind: 'spsc', codec: text }).receiver();
  await remote.send();
  const word = await receiver.receive();
  await peer.terminate();
  /** @type {import('sluice').Pool<Api>} */
  const workers = pool(space, () => new Worker(url), { size: 1 });
  const other = await workers.run('add', [3, 4]);
  await workers.close();
  await space.close();
  return [origin, sum, word, other];
}

use().then(
  (came) => parent.postMessage(came, '*'),
  (error) => parent.postMessage(String(error), '*'),
);
