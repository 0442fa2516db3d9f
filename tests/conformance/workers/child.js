// A worker's own worker: sends one record on the channel "from-child".
import { attach, channel, text } from '../sdk.js';

const space = await attach();
const sender = channel(space, 'from-child', { kind: 'spsc', codec: text }).sender();
await sender.send('hello from below');
sender.close();
