// A worker's own worker that keeps its end of the channel "from-child" for as long as it lives.
import { attach, channel, text } from '../sdk.js';

const space = await attach();
const sender = channel(space, 'from-child', { kind: 'spsc', codec: text }).sender();
await sender.send('here');
await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
