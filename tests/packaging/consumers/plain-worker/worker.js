// Without await at the top: Parcel knows none in workers, and Vite builds none untouched.
import { attach, channel, text } from 'sluice';

async function greet() {
  const space = await attach();
  const names = channel(space, 'names', { kind: 'spsc', codec: text }).receiver();
  const greetings = channel(space, 'greetings', { kind: 'spsc', codec: text }).sender();
  for await (const name of names) await greetings.send(`Hello, ${name}`);
  greetings.close();
}

greet();
