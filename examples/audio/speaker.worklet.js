// Plays what comes through the ring. process() waits for nothing and makes no garbage: it reads the
// records where they lie, by drain(), and the gain by a cell's get().
import { attach, block, cell, channel } from 'sluice';
import { INITIAL, PLAYED, samples, toneWithoutGarbage, UNDERRUNS } from './tone.js';

const { AudioWorkletProcessor, registerProcessor } = /** @type {any} */ (globalThis);

class Speaker extends AudioWorkletProcessor {
  /** @type {import('sluice').Space | undefined} */
  space;
  /** @type {import('sluice').Receiver<Uint8Array> | undefined} */
  receiver;
  /** Shown a record, copies it to the output. @type {Parameters<import('sluice').Receiver<Uint8Array>['drain']>[0]} */
  use = () => {};
  meter = new Int32Array(2);
  /** @type {Float32Array} */
  output = new Float32Array();
  /** So many of its samples are there. */
  at = 0;
  left = false;

  /** @param {any} options `processorOptions` are the page's */
  constructor({ processorOptions }) {
    super();
    this.port.onmessage = () => this.leave();
    this.enter(processorOptions).then(
      () => this.port.postMessage('playing'),
      // An error loses its code on the way.
      ({ code, message }) => this.port.postMessage({ code, message }),
    );
  }

  /** @param {{handle: import('sluice').Handle, meter: import('sluice').Handle, capacity: number}} options */
  async enter({ handle, meter, capacity }) {
    const space = await attach(handle);
    const { buffer } = space.memory;
    const { bytes } = block(space, meter);
    const parameters = cell(space, 'tone', toneWithoutGarbage(new Float64Array(buffer)), INITIAL);
    const words = new Float32Array(buffer);
    this.use = (_memory, offset, length) => {
      const gain = parameters.get()[0];
      const from = offset / 4;
      const count = length / 4;
      for (let i = 0; i < count; i++) this.output[this.at + i] = words[from + i] * gain;
      this.at += count;
    };
    this.space = space;
    this.meter = new Int32Array(buffer, bytes.byteOffset, 2);
    this.receiver = channel(space, 'samples', samples(capacity)).receiver();
  }

  /** @param {unknown} _inputs @param {Float32Array[][]} outputs @returns {boolean} go on */
  process(_inputs, outputs) {
    if (this.left) return false;
    if (!this.receiver) return true;
    this.output = outputs[0][0];
    this.at = 0;
    const { length } = this.output;
    try {
      while (this.at < length && this.receiver.drain(this.use, 1) > 0);
    } catch {
      // The worker, or the page, has closed: the rest is silence.
      this.leave();
      return false;
    }
    Atomics.add(this.meter, PLAYED, 1);
    if (this.at < length) Atomics.add(this.meter, UNDERRUNS, 1);
    return true;
  }

  leave() {
    if (this.left) return;
    this.left = true;
    this.space?.close(); // and the receiver: who sends is told
    this.port.postMessage('left');
  }
}

registerProcessor('speaker', Speaker);
