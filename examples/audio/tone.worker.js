// Makes the tone: as many records as the ring has room for. While it has none this thread sleeps in it.
import { attach, cell, channel } from 'sluice';
import { FRAMES, INITIAL, RECORD_BYTES, samples, tone } from './tone.js';

const STALL = 300; // ms

/** @param {import('sluice').Space} space @param {number} sampleRate @param {number} capacity */
function play(space, sampleRate, capacity) {
  const sender = channel(space, 'samples', samples(capacity)).sender();
  const parameters = cell(space, 'tone', tone, INITIAL);
  const words = new Float32Array(space.memory.buffer);
  let phase = 0;
  let stalled = 0;
  for (;;) {
    sender.readySync(RECORD_BYTES);
    const claim = /** @type {import('sluice').Claim} */ (sender.claim(RECORD_BYTES));
    const { frequency, stalls } = parameters.get();
    const at = claim.offset / 4;
    for (let i = 0; i < FRAMES; i++) {
      words[at + i] = Math.sin(2 * Math.PI * phase);
      phase = (phase + frequency / sampleRate) % 1;
    }
    claim.commit();
    if (stalls !== stalled) for (const end = Date.now() + STALL; Date.now() < end; );
    stalled = stalls;
  }
}

// Some bundlers make workers of a kind that cannot await here.
attach().then((space) => {
  globalThis.onmessage = ({ data: { sampleRate, capacity } }) => {
    try {
      play(space, sampleRate, capacity);
    } catch (error) {
      // Its reader, or the space, was closed.
      postMessage(/** @type {any} */ (error).code);
    }
  };
});
