import { attach, channel, mutex, serve, text } from 'sluice';

serve({
  add: (a, b) => a + b,
  async hold() {
    await mutex(await attach(), 'held').lock();
  },
});

const space = await attach();
const names = channel(space, 'names', { kind: 'spsc', codec: text }).receiver();
const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).sender();
for await (const name of names) await greetings.send(`Hello, ${name}`);
greetings.close();
