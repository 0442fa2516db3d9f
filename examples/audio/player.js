// Connects a worker that makes a tone with an audio worklet that plays it.
import { alloc, cell, channel, create, SluiceError, spawn } from 'sluice';
import { CAPACITY, INITIAL, PLAYED, samples, tone, UNDERRUNS } from './tone.js';

/** @typedef {Awaited<ReturnType<typeof play>>} Player */

/** What comes next. @param {EventTarget} from @returns {Promise<any>} */
const next = (from) =>
  new Promise((resolve) => {
    from.addEventListener('message', (event) => resolve(/** @type {MessageEvent} */ (event).data), {
      once: true,
    });
  });

/**
 * @param {BaseAudioContext} context
 * @param {{capacity?: number, silent?: boolean}} [options] bytes of the ring; `silent`: without the worker
 */
export async function play(context, { capacity = CAPACITY, silent = false } = {}) {
  const space = await create();
  const parameters = cell(space, 'tone', tone, INITIAL);
  const meter = alloc(space, 8);
  const counts = new Int32Array(meter.bytes.buffer, meter.bytes.byteOffset, 2);
  await context.audioWorklet.addModule(new URL('./speaker.worklet.js', import.meta.url));
  const node = new AudioWorkletNode(context, 'speaker', {
    numberOfInputs: 0,
    outputChannelCount: [1],
    // The handle brings the module and the memory: a worklet cannot fetch.
    processorOptions: { handle: space.handle, meter: meter.handle, capacity },
  });
  node.port.start();
  const answer = await next(node.port);
  if (answer !== 'playing') {
    await space.close();
    throw new SluiceError(answer.code, answer.message);
  }
  const ring = channel(space, 'samples', samples(capacity));
  const peer = silent
    ? undefined
    : await spawn(
        space,
        () => new Worker(new URL('./tone.worker.js', import.meta.url), { type: 'module' }),
      );
  /** Why the worker has stopped. */
  const ended = peer && next(peer.worker);
  peer?.worker.postMessage({ sampleRate: context.sampleRate, capacity });
  node.connect(context.destination);

  /** @type {Promise<void> | undefined} */
  let stopping;

  /** A context that is closed runs its worklets no more, and they cannot say so: closing the space ends
   * what waits for them. */
  async function end() {
    const left = next(node.port);
    node.port.postMessage('leave');
    if (context.state !== 'closed') await Promise.race([left, closed]);
    await space.close();
    await ended;
    await peer?.terminate();
    node.disconnect();
  }

  /** @returns {Promise<void>} */
  function stop() {
    stopping ??= end();
    return stopping;
  }

  const closed = new Promise((resolve) => {
    context.addEventListener('statechange', () => {
      if (context.state === 'closed') resolve(stop());
    });
  });
  node.addEventListener('processorerror', stop);

  return {
    parameters,
    stop,
    ended,
    stats() {
      const { sent, received, used } = ring.stats();
      return {
        sent,
        received,
        full: used / capacity,
        played: Atomics.load(counts, PLAYED),
        underruns: Atomics.load(counts, UNDERRUNS),
      };
    },
  };
}
