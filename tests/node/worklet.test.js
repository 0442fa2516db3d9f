// attach() where there is next to nothing: a scope as bare as an audio worklet's in Chromium and Firefox,
// which have no timers, no channels, no clock and no encoders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { cell, channel, create, struct, text } from 'sluice';

/** The browsers' files of the package, in a new scope. */
async function bareScope() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../dist/sluice.js', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'sluice',
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' }, // for files that nothing here loads
  });
  const scope = createContext({ registerProcessor() {} });
  runInContext(outputFiles[0].text, scope);
  /** @type {typeof import('sluice')} */
  const sluice = runInContext('sluice', scope);
  for (const name of ['TextEncoder', 'performance', 'setTimeout', 'MessageChannel', 'fetch', 'URL'])
    assert.equal(runInContext(`typeof ${name}`, scope), 'undefined', name);
  return sluice;
}

const NAME = 'ton ♪ 🎵'; // in UTF-8 its characters take 1, 3 and 4 bytes
const samples = /** @type {const} */ ({ kind: 'spsc', capacity: 4096 });

test('a scope without timers, channels, clock and encoders attaches, reads and writes', async () => {
  const bare = await bareScope();
  const space = await create();
  const there = await bare.attach(space.handle);
  assert.equal(there.transport, 'shared');

  const sender = channel(space, NAME, samples).sender();
  const receiver = bare.channel(there, NAME, samples).receiver();
  for (const first of [1, 2, 3]) sender.trySend(Uint8Array.of(first));
  /** @type {number[]} */
  const seen = [];
  assert.equal(
    receiver.drain((memory, offset) => seen.push(memory[offset]), 2),
    2,
  );
  assert.deepEqual(seen, [1, 2]);
  const later = receiver.receive().then(() => receiver.receive());
  await sender.send(Uint8Array.of(4));
  assert.equal((await later)[0], 4);

  const words = [NAME, 'x'.repeat(100), `${'x'.repeat(100)}${NAME}`];
  const lines = channel(space, 'lines', { kind: 'spsc', codec: text }).receiver();
  const out = bare.channel(there, 'lines', { kind: 'spsc', codec: bare.text }).sender();
  for (const word of words) await out.send(word);
  for (const word of words) assert.equal(await lines.receive(), word);
  const back = channel(space, 'back', { codec: text }).sender();
  const heard = bare.channel(there, 'back', { codec: bare.text }).receiver();
  for (const word of words) {
    back.trySend(word);
    assert.equal(heard.tryReceive(), word);
  }
  const shape = /** @type {const} */ ({ gain: 'f64' });
  const tone = cell(space, 'tone', struct(shape), { gain: 0.5 });
  const same = bare.cell(there, 'tone', bare.struct(shape), { gain: 0 });
  assert.equal(same.get().gain, 0.5);
  await same.set({ gain: 0.25 });
  assert.equal(tone.get().gain, 0.25);

  sender.close(new Error('no more'));
  await assert.rejects(receiver.receive(), { code: 'closed', message: /no more/ });
  await there.close();
  assert.equal(space.stats().peers, 1);
  await space.close();
});

test('an audio worklet may not block, wherever its engine lets it', async () => {
  const bare = await bareScope();
  const space = await create();
  const there = await bare.attach(space.handle);
  const receiver = bare.channel(there, NAME, samples).receiver();
  assert.throws(() => receiver.receiveSync(), { code: 'wrong-thread' });
  await there.close();
  await space.close();
});

test('a space over messages tells an audio worklet that it cannot attach', async () => {
  const bare = await bareScope();
  const space = await create({ transport: 'message' });
  await assert.rejects(bare.attach(space.handle), { code: 'not-isolated', message: /spawn\(\)/ });
  await space.close();
});
