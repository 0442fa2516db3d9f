// A worker that serves for ever.
import * as sdk from 'sluice';
import { inUse } from './growth.js';

const space = await sdk.attach();

export const api = sdk.serve({
  inUse,
  /** @template T @param {T} value */
  echo: (value) => value,
  async *feed() {
    for (let i = 0; ; i++) yield String(i).padEnd(1000, 'x');
  },
  /** @param {(text: string) => Promise<void>} tell */
  async tell(tell) {
    await tell('a price'.repeat(20));
  },
  /** One record, by a sender of its own. */
  async send() {
    const sender = sdk.channel(space, 'records', { codec: sdk.text }).sender();
    await sender.send('a price'.repeat(20));
    sender.close();
  },
});
