// The example of an audio worklet: what its worker makes is played in order, none lost, and where there
// was nothing to play it is counted.
import { expect } from '@playwright/test';
import { test } from './engines.js';
import { leftOutTag, projects } from './projects.js';

const PAGE = '/examples/audio/index.html';
const FRAMES = 128;

/** @param {(project: import('./projects.js').Project) => boolean} which */
const only = (which) => ({ tag: projects.filter((project) => !which(project)).map(leftOutTag) });
const isolated = only((project) => project.isolated);

/** Renders without an audio device. @param {import('./launch.js').Tab} tab @param {{quanta: number, silent: boolean}} argument */
const render = (tab, argument) =>
  tab.evaluate(async ({ quanta, silent }) => {
    const RATE = 48_000;
    /** @type {typeof import('../../examples/audio/player.js').play} */
    const play = /** @type {any} */ (globalThis).play;
    const context = new OfflineAudioContext(1, quanta * 128, RATE);
    const player = await play(context, { capacity: 2 ** 20, silent });
    // Nobody keeps a context like this from being faster than the worker: it waits until the ring is full.
    while (!silent && player.stats().full < 0.99) await new Promise(requestAnimationFrame);
    await player.parameters.update((old) => ({ ...old, gain: 0.25 }));
    const output = (await context.startRendering()).getChannelData(0);
    const { played, underruns, sent, received } = player.stats();
    await player.stop();

    // The tone once more, as the worker makes it.
    let phase = 0;
    let empty = 0;
    let wrong = 0;
    for (let at = 0; at < output.length; at += 128) {
      if (output.subarray(at, at + 128).every((sample) => sample === 0)) {
        empty++;
        continue;
      }
      for (let i = 0; i < 128; i++) {
        const expected = 0.25 * Math.sin(2 * Math.PI * phase);
        if (!(Math.abs(output[at + i] - expected) < 1e-6)) wrong++;
        phase = (phase + 440 / RATE) % 1;
      }
    }
    return { played, underruns, sent, received, empty, wrong, ended: await player.ended };
  }, argument);

test(
  'an audio worklet plays what a worker sends it, in order and none lost',
  isolated,
  async ({ tab }) => {
    await tab.goto(PAGE);
    const quanta = 4000; // twice as many as the ring holds at the start
    const { played, underruns, sent, received, empty, wrong, ended } = await render(tab, {
      quanta,
      silent: false,
    });
    expect(wrong).toBe(0);
    expect(played).toBe(quanta);
    expect(empty).toBe(underruns);
    expect(received).toBe(quanta - underruns);
    expect(received).toBeGreaterThan(2 ** 20 / (FRAMES * 4 + 8) - 20);
    expect(sent).toBeGreaterThanOrEqual(received);
    expect(ended).toBe('closed');
  },
);

test('an audio worklet counts the underruns', isolated, async ({ tab }) => {
  await tab.goto(PAGE);
  const { played, underruns, received, empty } = await render(tab, { quanta: 100, silent: true });
  expect({ played, underruns, received, empty }).toEqual({
    played: 100,
    underruns: 100,
    received: 0,
    empty: 100,
  });
});

test(
  'an audio worklet whose process() throws can leave all the same, and all that it held is free',
  isolated,
  async ({ tab }) => {
    await tab.goto('/tests/conformance/page.html');
    const found = await tab.evaluate(async () => {
      const sdk = '/dist/sluice.js';
      const { alloc, channel, create, mutex, remove } = /** @type {typeof import('sluice')} */ (
        await import(sdk)
      );
      const space = await create();
      const { handle } = alloc(space, 64);

      /** @param {string} name of a channel that the worklet receives from @param {boolean} throws */
      async function play(name, throws) {
        const sender = channel(space, name, { kind: 'spsc' }).sender();
        const context = new OfflineAudioContext(1, 128 * 20, 48_000);
        await context.audioWorklet.addModule('/tests/audio/holding.worklet.js');
        const node = new AudioWorkletNode(context, 'holding', {
          processorOptions: { handle: space.handle, block: handle, name, throws },
        });
        /** @type {string[]} */
        const said = [];
        /** @param {string} word */
        const until = async (word) => {
          while (!said.includes(word)) await new Promise((resolve) => setTimeout(resolve));
        };
        node.port.onmessage = ({ data }) => said.push(data);
        await until('holding');
        node.connect(context.destination);
        await context.startRendering();
        if (throws) await until('throws');
        const { peers } = space.stats();
        node.port.postMessage('leave');
        await until('left');
        const end = await sender.send(Uint8Array.of(1)).then(
          () => 'sent',
          ({ code }) => code,
        );
        sender.close();
        remove(space, name); // of the space nothing is left
        return { said, peers, end, after: space.stats().peers };
      }

      const first = await play('first', true);
      const held = await mutex(space, 'lock').lock();
      held.release();
      const { used } = space.stats();
      const second = await play('next', false);
      const after = space.stats().used;
      await space.close();
      return { first, second, recovered: held.recovered, leaks: after - used };
    });
    const round = { peers: 2, end: 'closed', after: 1 };
    expect(found).toEqual({
      first: { ...round, said: ['holding', 'throws', 'left'] },
      second: { ...round, said: ['holding', 'left'] },
      recovered: false,
      leaks: 0,
    });
  },
);

test(
  'a worker that feeds an audio worklet ends when the context is closed under it',
  only(({ name }) => name === 'chromium'), // headless, the others' contexts do not run
  async ({ tab }) => {
    await tab.goto(PAGE);
    const ended = await tab.evaluate(async () => {
      /** @type {typeof import('../../examples/audio/player.js').play} */
      const play = /** @type {any} */ (globalThis).play;
      const context = new AudioContext();
      const player = await play(context);
      while (player.stats().played < 50) await new Promise(requestAnimationFrame);
      await context.close();
      await player.stop();
      return player.ended;
    });
    expect(ended).toBe('closed');
  },
);

test(
  'the page of the audio example plays, stalls and stops',
  only(({ name }) => name === 'chromium'),
  async ({ tab }) => {
    await tab.goto(PAGE);
    /** @param {string} id */
    const click = (id) => tab.evaluate((id) => document.getElementById(id)?.click(), id);
    /** @param {string} id */
    const number = (id) =>
      tab.evaluate((id) => Number(document.getElementById(id)?.textContent), id);
    const status = () => tab.evaluate(() => document.getElementById('status')?.textContent);
    await click('play');
    await expect.poll(status).toBe('Playing.');
    await expect.poll(() => number('played')).toBeGreaterThan(50);
    const before = await number('underruns');
    await click('stall');
    await expect.poll(() => number('underruns')).toBeGreaterThan(before + 20);
    await click('play');
    await expect.poll(status).toBe('Stopped.');
  },
);

test(
  'without isolation an audio worklet is told that it cannot attach',
  only((project) => !project.isolated),
  async ({ tab }) => {
    await tab.goto(PAGE);
    const error = await tab.evaluate(async () => {
      /** @type {typeof import('../../examples/audio/player.js').play} */
      const play = /** @type {any} */ (globalThis).play;
      try {
        await play(new OfflineAudioContext(1, 128, 48_000));
        return undefined;
      } catch (error) {
        const { code, message } = /** @type {any} */ (error);
        return { code, message };
      }
    });
    expect(error).toMatchObject({
      code: 'not-isolated',
      message: expect.stringMatching(/spawn\(\)/),
    });
  },
);
