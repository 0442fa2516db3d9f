import { attach, channel, text } from 'sluice';

const space = await attach();
const name = await channel(space, 'names', { codec: text }).receiver().receive();
await channel(space, 'greetings', { codec: text })
  .sender()
  .send(`Hello, ${name}, over ${space.transport} memory`);
