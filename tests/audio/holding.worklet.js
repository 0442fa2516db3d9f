// An audio worklet that holds what it can of a space; with `throws` its process() does.
import { attach, block, channel, mutex } from '../conformance/sdk.js';

const { AudioWorkletProcessor, registerProcessor } = /** @type {any} */ (globalThis);

class Holding extends AudioWorkletProcessor {
  /** @param {any} options `processorOptions` are the page's */
  constructor({ processorOptions }) {
    super();
    this.throws = processorOptions.throws;
    this.port.onmessage = () => this.leave();
    this.enter(processorOptions).then(
      () => this.port.postMessage('holding'),
      (error) => this.port.postMessage(String(error)),
    );
  }

  /** @param {{handle: import('sluice').Handle, block: import('sluice').Handle, name: string}} options */
  async enter(options) {
    this.space = await attach(options.handle);
    block(this.space, options.block);
    channel(this.space, options.name, { kind: 'spsc' }).receiver();
    await mutex(this.space, 'lock').lock();
  }

  async leave() {
    await this.space?.close();
    this.port.postMessage('left');
  }

  /** @returns {boolean} */
  process() {
    if (this.throws) {
      this.port.postMessage('throws');
      throw new Error('a fault of its own');
    }
    return true;
  }
}

registerProcessor('holding', Holding);
