import { attach, channel, text } from 'sluice';

const space = await attach();
const names = channel(space, 'names', { kind: 'spsc', codec: text }).receiver();
const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).sender();
for await (const name of names) await greetings.send(`Hello, ${name}`);
greetings.close();
