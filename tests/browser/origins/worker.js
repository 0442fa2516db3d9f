import { channel, serve, text } from 'sluice/inline';

serve({
  /** @param {number} a @param {number} b */
  add: (a, b) => a + b,
  async send() {
    if (!this.space) throw new Error('no space');
    await channel(this.space, 'words', { kind: 'spsc', codec: text }).sender().send('hello');
  },
});
